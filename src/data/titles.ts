/**
 * Titles and people of the older MovieLens editions, which keep them in files of their own.
 *
 * @module
 */
import { eachRecord } from "./delimited.ts";
import { badLine, isUtf8, quoteValue } from "./source_file.ts";
import type { SourceFile } from "./source_file.ts";

/**
 * Notes an item's title. An empty title is passed over.
 *
 * @throws {TributaryError} `bad-data` if the id is not a whole number or already has a title.
 */
export function addTitle(
  titles: Map<string, string>,
  row: { file: string; line: number; id: string; title: string },
): void {
  const { file, line, id, title } = row;
  if (!/^\d{1,15}$/.test(id)) {
    throw badLine(file, {
      line,
      found: `has the item ${quoteValue(id)}`,
      expected: "a whole number",
    });
  }
  if (titles.has(id)) {
    throw badLine(file, {
      line,
      found: `has a second title for item ${quoteValue(id)}`,
      expected: "one title an item",
    });
  }
  if (title !== "") titles.set(id, title);
}

/**
 * Titles by item id of `u.item` (delimiter `|`) or `movies.dat` (delimiter `::`): id, then title.
 *
 * These two were published in ISO 8859-1; copies in UTF-8 are read as such.
 *
 * @throws {TributaryError} `bad-data`, naming file, line, and what was expected.
 */
export function readTitles(file: SourceFile, delimiter: string): Map<string, string> {
  const titles = new Map<string, string>();
  eachRecord(inUtf8(file), {
    layout: { delimiter, quotes: false },
    take: ([id = "", title = ""], line) => addTitle(titles, { file: file.name, line, id, title }),
  });
  return titles;
}

function inUtf8(file: SourceFile): SourceFile {
  if (isUtf8(file.bytes)) return file;
  const text = new TextDecoder("iso-8859-1").decode(file.bytes);
  return { name: file.name, bytes: new TextEncoder().encode(text) };
}

/**
 * Checks that everybody whom `u.user` (delimiter `|`) or `users.dat` (delimiter `::`) lists has rated.
 *
 * @throws {TributaryError} `bad-data` naming the line of the first person without ratings.
 */
export function checkPeople(
  file: SourceFile,
  options: { delimiter: string; people: readonly string[]; ratings: string },
): void {
  const rated = new Set(options.people);
  eachRecord(file, {
    layout: { delimiter: options.delimiter, quotes: false },
    take([id = ""], line) {
      if (rated.has(id)) return;
      throw badLine(file.name, {
        line,
        found: `lists person ${quoteValue(id)}, who has no ratings in ${options.ratings}`,
        expected: "at least one",
      });
    },
  });
}
