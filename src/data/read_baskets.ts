/**
 * Baskets: one line a person, with everything that they took.
 *
 * @module
 */
import { eachLine } from "./delimited.ts";
import type { Interactions } from "./interactions.ts";
import { addRating, emptyTable, type Repeats, toInteractions } from "./rating_table.ts";
import type { SourceFile } from "./source_file.ts";

/** Longest line of baskets, in bytes: about a hundred thousand items of one person. */
const LINE_LIMIT_BYTES = 1 << 20;

/** Settings of the readers of events without ratings. */
export interface EventOptions {
  /** What becomes of an item that a person has more than once (default `refuse`). */
  readonly repeats?: Repeats | undefined;
}

/**
 * Lines `user item item …`, with blanks or tabs between. A line holds a person's items in order, and
 * goes on where an earlier line of the same person ended. There are no ratings (each is 1) and no
 * times (each is 0).
 *
 * @param file UTF-8 with or without byte order mark, any line ends; lines up to 1 MiB.
 * @throws {TributaryError} `bad-data`, naming file, line, and what was expected.
 *
 * @example Two people
 * ```ts
 * import { readBaskets } from "./read_baskets.ts";
 *
 * const bytes = new TextEncoder().encode("ann tea milk\nbob milk\n");
 * const data = readBaskets({ name: "shop.txt", bytes });
 * if (data.items.join() !== "tea,milk" || data.histories[1]?.items[0] !== 1) throw new Error();
 * ```
 */
export function readBaskets(file: SourceFile, options: EventOptions = {}): Interactions {
  const table = emptyTable({ file: file.name, numericIds: false });
  eachLine(file, {
    lineLimitBytes: LINE_LIMIT_BYTES,
    take(text, line) {
      const [user, ...items] = words(text);
      if (user === undefined) return;
      if (items.length === 0) addRating(table, { fields: { user, item: "" }, line });
      for (const item of items) addRating(table, { fields: { user, item }, line });
    },
  });
  return toInteractions(table, options);
}

/** The words of a line, which blanks and tabs separate. */
export function words(text: string): readonly string[] {
  return text.split(/[ \t]+/).filter((word) => word !== "");
}
