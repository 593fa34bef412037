/**
 * Ratings in files without a header, four fields a line in fixed order.
 *
 * @module
 */
import { eachRecord } from "./delimited.ts";
import type { Interactions } from "./interactions.ts";
import { addRating, emptyTable, toInteractions } from "./rating_table.ts";
import { countFields } from "./read_csv.ts";
import { badLine } from "./source_file.ts";
import type { SourceFile } from "./source_file.ts";
import { checkPeople, readTitles } from "./titles.ts";

/** One of the two old MovieLens layouts: what separates fields, and in which of its files. */
export interface FieldsLayout {
  /** Delimiter in the file of ratings. */
  readonly ratings: string;
  /** Delimiter in the files of titles and people. */
  readonly lists: string;
  /** What a line looks like, for messages. */
  readonly line: string;
}

/** The files of one edition. */
export interface FieldsFiles {
  /** person, item, rating, time in seconds. */
  readonly ratings: SourceFile;
  /** item, title. */
  readonly titles?: SourceFile | undefined;
  /** person. Everybody listed must have rated. */
  readonly people?: SourceFile | undefined;
}

/**
 * Ratings of a file without header: person, item, rating, time.
 *
 * @throws {TributaryError} `bad-data`, naming file, line, and what was expected.
 */
export function readFields(files: FieldsFiles, layout: FieldsLayout): Interactions {
  const { name } = files.ratings;
  const table = emptyTable({ file: name, numericIds: true });
  eachRecord(files.ratings, {
    layout: { delimiter: layout.ratings, quotes: false },
    take(fields, line) {
      if (fields.length !== 4) {
        throw badLine(name, {
          line,
          found: `has ${countFields(fields.length)}`,
          expected: `4: ${layout.line}`,
        });
      }
      const [user = "", item = "", rating, time] = fields;
      addRating(table, { fields: { user, item, rating, time }, line });
    },
  });
  const titles = files.titles && readTitles(files.titles, layout.lists);
  const data = toInteractions(table, { titles });
  if (files.people !== undefined) {
    checkPeople(files.people, { delimiter: layout.lists, people: data.people, ratings: name });
  }
  return data;
}
