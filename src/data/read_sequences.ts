/**
 * Sequences: one line an event, in the order in which they happened.
 *
 * @module
 */
import { eachLine } from "./delimited.ts";
import type { Interactions } from "./interactions.ts";
import { addRating, emptyTable, toInteractions } from "./rating_table.ts";
import { type EventOptions, words } from "./read_baskets.ts";
import { countFields } from "./read_csv.ts";
import { badLine } from "./source_file.ts";
import type { SourceFile } from "./source_file.ts";

/**
 * Lines `user item` or, all of them, `user item time`, with blanks or tabs between. Each person's
 * items stay in the order of the lines, or are put in order of time, which is a whole number; the
 * lines of different people may be mixed. There are no ratings (each is 1).
 *
 * @param file UTF-8 with or without byte order mark, any line ends.
 * @throws {TributaryError} `bad-data`, naming file, line, and what was expected.
 *
 * @example Somebody who came back to a page
 * ```ts
 * import { readSequences } from "./read_sequences.ts";
 *
 * const bytes = new TextEncoder().encode("ann home\nann news\nann home\n");
 * const data = readSequences({ name: "visits.txt", bytes }, { repeats: "last" });
 * const visits = Array.from(data.histories[0]?.items ?? [], (item) => data.items[item]);
 * if (visits.join() !== "news,home") throw new Error();
 * ```
 */
export function readSequences(file: SourceFile, options: EventOptions = {}): Interactions {
  const table = emptyTable({ file: file.name, numericIds: false });
  let width: number | undefined;
  eachLine(file, {
    take(text, line) {
      const fields = words(text);
      if (fields.length === 0) return;
      if (fields.length < 2 || fields.length > 3 || fields.length !== (width ?? fields.length)) {
        throw badLine(file.name, {
          line,
          found: `has ${countFields(fields.length)}`,
          expected: width === undefined
            ? "a person and an item, and perhaps a time"
            : `${width} as in the lines above`,
        });
      }
      width = fields.length;
      const [user = "", item = "", time] = fields;
      addRating(table, { fields: { user, item, time }, line });
    },
  });
  return toInteractions(table, options);
}
