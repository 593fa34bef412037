/**
 * MovieLens 100K: `u.data`, tab-separated.
 *
 * @module
 */
import type { Interactions } from "./interactions.ts";
import { readFields } from "./read_fields.ts";
import type { FieldsFiles } from "./read_fields.ts";

/**
 * Ratings of `u.data` (person, item, rating, seconds, with tabs between), with the titles of
 * `u.item`; everybody in `u.user` must have rated. Both are optional.
 *
 * @throws {TributaryError} `bad-data`, naming file, line, and what was expected.
 */
export function readUData(files: FieldsFiles): Interactions {
  return readFields(files, {
    ratings: "\t",
    lists: "|",
    line: "person, item, rating and time with tabs between",
  });
}
