/**
 * Fields of numbers: how a task names them, and how a client's values are read.
 *
 * @module
 */
import * as v from "valibot";
import { TributaryError } from "../core/errors.ts";
import type { ValueExamples } from "./model.ts";

/** Most fields of one task. */
const MOST_FIELDS = 256;

/** Schema of a field's name, which is also a tensor's. */
export const fieldName: v.GenericSchema<unknown, string> = v.pipe(
  v.string("a field's name must be a text"),
  v.regex(
    /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/,
    "a field's name must be 1 to 64 letters, digits, _, . or -, of which a letter or digit comes first",
  ),
);

/** Schema of fields, each of another name. */
export function fieldsOf<T extends { readonly name: string }>(
  field: v.GenericSchema<unknown, T>,
): v.GenericSchema<unknown, readonly T[]> {
  return v.pipe(
    v.array(field),
    v.minLength(1, "there must be a field"),
    v.maxLength(MOST_FIELDS, `there must be at most ${MOST_FIELDS} fields`),
    v.check(
      (fields) => new Set(fields.map(({ name }) => name)).size === fields.length,
      "two fields have one name",
    ),
  );
}

/**
 * A client's values of a field, none where it has none. What they are stays out of the message.
 *
 * @throws {TributaryError} `bad-data` if one is not a finite number.
 */
export function valuesOf({ values }: ValueExamples, name: string): readonly number[] {
  const own = Object.hasOwn(values, name) ? values[name] : undefined;
  const list = Array.from(own ?? []);
  const at = list.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) {
    throw new TributaryError(
      "bad-data",
      `Cannot use value ${at} of "${name}": expected a finite number`,
    );
  }
  return list;
}
