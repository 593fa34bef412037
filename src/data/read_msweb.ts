/**
 * Visits to the areas of a web site in one week: UCI's "Anonymous Microsoft Web Data".
 *
 * @module
 */
import { eachLine } from "./delimited.ts";
import type { Interactions } from "./interactions.ts";
import { addRating, emptyTable, toInteractions } from "./rating_table.ts";
import { badLine, quoteValue } from "./source_file.ts";
import type { SourceFile } from "./source_file.ts";
import { addTitle } from "./titles.ts";

/** An area with its title, a person, or a visit. */
const LINE = /^([ACV]),"?(\d+)"?,\d+(,"(.+)",".*")?$/;

/**
 * `anonymous-msweb.data` or `.test` (Breese, Heckerman and Kadie 1998): lines `A,area,1,"title","url"`,
 * then for each person a line `C,"person",person` and below it `V,area,1` for every area that they
 * went to. Lines of other letters are passed over, areas that nobody went to are left out. There are
 * no times; within a person the order is the file's.
 *
 * @throws {TributaryError} `bad-data`, naming file, line, and what was expected.
 */
export function readMsweb(file: SourceFile): Interactions {
  const table = emptyTable({ file: file.name, numericIds: true });
  const titles = new Map<string, string>();
  let user: string | undefined;
  eachLine(file, {
    take(text, line) {
      const refuse = (found: string, expected: string): Error =>
        badLine(file.name, { line, found, expected });
      const [, kind = "", id = "", , title = ""] = LINE.exec(text) ?? [];
      switch (kind) {
        case "A":
          return addTitle(titles, { file: file.name, line, id, title });
        case "C":
          user = id;
          return;
        case "V":
          if (user === undefined) throw refuse("is a visit before any person", "a line C first");
          if (!titles.has(id)) {
            throw refuse(`visits area ${quoteValue(id)}`, "one of the areas of the lines A above");
          }
          return addRating(table, { fields: { user, item: id }, line });
        case "":
          if (/^[B-Z],/.test(text) && !/^[CV],/.test(text)) return;
          throw refuse(`is ${quoteValue(text)}`, "a letter and the fields of that kind of line");
      }
    },
  });
  return toInteractions(table, { titles });
}
