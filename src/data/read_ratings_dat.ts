/**
 * MovieLens 1M and 10M: `ratings.dat`, with `::` between fields.
 *
 * @module
 */
import type { Interactions } from "./interactions.ts";
import { readFields } from "./read_fields.ts";
import type { FieldsFiles } from "./read_fields.ts";

/**
 * Ratings of `ratings.dat` (`person::item::rating::seconds`), with the titles of `movies.dat`;
 * everybody in `users.dat` must have rated. Both are optional.
 *
 * @throws {TributaryError} `bad-data`, naming file, line, and what was expected.
 */
export function readRatingsDat(files: FieldsFiles): Interactions {
  return readFields(files, { ratings: "::", lists: "::", line: "person::item::rating::time" });
}
