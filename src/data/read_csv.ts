/**
 * CSV with a header, whose columns the user names.
 *
 * @module
 */
import { CSV, eachRecord } from "./delimited.ts";
import type { Interactions } from "./interactions.ts";
import { addRating, emptyTable, toInteractions } from "./rating_table.ts";
import { badLine, quoteValue } from "./source_file.ts";
import type { SourceFile } from "./source_file.ts";

/** Which column of a CSV file holds what, by the names in its header. */
export interface ColumnMap {
  /** Column of the person's id. */
  readonly user: string;
  /** Column of the item's id. */
  readonly item: string;
  /** Column of the rating. Without one, each line counts as a rating of 1. */
  readonly rating?: string | undefined;
  /** Column of the time, whole numbers. Without one, the order of the lines is the order of time. */
  readonly time?: string | undefined;
}

/**
 * Ratings of a CSV file, whose first line names its columns. Other columns are passed over.
 *
 * @param file    The file, UTF-8 with or without byte order mark, any line ends.
 * @param options `columns`; `numericIds` to demand that ids are whole numbers; `titles` by item id.
 * @throws {TributaryError} `bad-data`, naming file, line, and what was expected.
 *
 * @example Two people, three ratings
 * ```ts
 * import { readCsv } from "./read_csv.ts";
 *
 * const bytes = new TextEncoder().encode("who,film,stars\nann,Alien,5\nann,Brazil,4\nbob,Alien,3\n");
 * const data = readCsv({ name: "mine.csv", bytes }, {
 *   columns: { user: "who", item: "film", rating: "stars" },
 * });
 * if (data.people.join() !== "ann,bob" || data.histories[0]?.ratings[1] !== 4) throw new Error();
 * ```
 */
export function readCsv(
  file: SourceFile,
  options: {
    columns: ColumnMap;
    numericIds?: boolean;
    titles?: ReadonlyMap<string, string>;
  },
): Interactions {
  const { columns } = options;
  const table = emptyTable({ file: file.name, numericIds: options.numericIds ?? false });
  eachRow(file, {
    columns: [columns.user, columns.item, columns.rating, columns.time],
    take: ([user = "", item = "", rating, time], line) =>
      addRating(table, { fields: { user, item, rating, time }, line }),
  });
  return toInteractions(table, { titles: options.titles });
}

/**
 * Gives the wanted columns of each line after the header to `take`.
 *
 * @param options `columns` by name, in the order in which `take` gets them; an `undefined` one stays so.
 * @throws {TributaryError} `bad-data` if the header lacks or repeats a column, or a line is of
 *   another length than the header.
 */
export function eachRow(
  file: SourceFile,
  options: {
    columns: readonly (string | undefined)[];
    take: (fields: readonly (string | undefined)[], line: number) => void;
  },
): void {
  let header: readonly string[] | undefined;
  let at: readonly (number | undefined)[] = [];
  eachRecord(file, {
    layout: CSV,
    take(fields, line) {
      if (header === undefined) {
        header = fields;
        at = locate(options.columns, { file: file.name, header, line });
        return;
      }
      if (fields.length !== header.length) {
        throw badLine(file.name, {
          line,
          found: `has ${countFields(fields.length)}`,
          expected: `${header.length} as in the header`,
        });
      }
      options.take(at.map((index) => index === undefined ? undefined : fields[index]), line);
    },
  });
}

/** `1 field`, `3 fields`. */
export function countFields(count: number): string {
  return count === 1 ? "1 field" : `${count} fields`;
}

function locate(
  columns: readonly (string | undefined)[],
  found: { file: string; header: readonly string[]; line: number },
): readonly (number | undefined)[] {
  const { file, header, line } = found;
  const wanted = columns.filter((name) => name !== undefined);
  return columns.map((name) => {
    if (name === undefined) return undefined;
    const index = header.indexOf(name);
    if (index < 0 || header.indexOf(name, index + 1) >= 0) {
      throw badLine(file, {
        line,
        found: `${index < 0 ? "has no column" : "repeats the column"} ${quoteValue(name)} ` +
          `(its columns are ${quoteValue(header.join(", "))})`,
        expected: `the columns ${wanted.join(", ")}, each once`,
      });
    }
    return index;
  });
}
