/**
 * What one person has for a statistic, as JSON: `{ "values": { "age": 41, "hours": [3, 5] } }` or
 * `{ "items": ["sun", "moon"] }`.
 *
 * @module
 */
import * as v from "valibot";
import { TributaryError } from "../core/errors.ts";
import type { ItemExamples, ValueExamples } from "../models/model.ts";
import { readJsonMessage } from "../wire/message.ts";

const MOST_VALUES = 1_000_000;

// Messages of their own: the library's would say what the values are.
const number = v.pipe(v.number("expected a number"), v.finite("expected a finite number"));
const list = v.pipe(
  v.array(number, "expected a number or a list of numbers"),
  v.maxLength(MOST_VALUES, `expected at most ${MOST_VALUES} numbers`),
);
const WRONG = 'expected { "values": { … } } or { "items": [ … ] }';
const schema = v.union([
  v.strictObject({
    values: v.record(v.string(), v.union([number, list], "expected a number or a list of numbers")),
  }, WRONG),
  v.strictObject({
    items: v.pipe(
      v.array(v.string("expected a text"), "expected a list of texts"),
      v.maxLength(MOST_VALUES, `expected at most ${MOST_VALUES} texts`),
    ),
  }, WRONG),
], WRONG);

/**
 * Reads a person's values or items.
 *
 * @throws {TributaryError} `bad-data` if there is no such file or it is of another form, without a word
 * of what is in it.
 */
export async function openExamples(path: string): Promise<ValueExamples | ItemExamples> {
  const bytes = await Deno.readFile(path).catch((cause) => {
    throw new TributaryError("bad-data", `Cannot open ${path}: expected values or items as JSON`, {
      cause,
    });
  });
  const read = readJsonMessage(schema, bytes, { what: path, code: "bad-data" });
  if ("items" in read) return { kind: "items", items: read.items };
  const entries = Object.entries(read.values).map(([name, value]) => [name, [value].flat()]);
  return { kind: "values", values: Object.fromEntries(entries) };
}
