/**
 * JSON of bounded depth, for the options that only the member of an open family can check.
 *
 * @module
 */
import * as v from "valibot";
import type { Json } from "../core/json.ts";
import { finiteSchema } from "./scalars.ts";

/** Objects and lists may nest so deep. */
const DEPTH = 4;

const scalarSchema = v.union([
  v.null(),
  v.boolean(),
  finiteSchema,
  v.pipe(v.string(), v.maxLength(1024)),
]);

function nested(depth: number): v.GenericSchema<Json> {
  if (depth === 0) return scalarSchema;
  const inner = nested(depth - 1);
  return v.union([
    scalarSchema,
    v.pipe(v.array(inner), v.maxLength(4096)),
    v.pipe(v.record(v.pipe(v.string(), v.maxLength(64)), inner), v.maxEntries(256)),
  ]);
}

/** A JSON value up to four levels deep, without unbounded texts, lists or objects. */
export const jsonSchema: v.GenericSchema<Json> = nested(DEPTH);
