/**
 * A task's items in a CSV file: their order is that of the model's rows.
 *
 * @module
 */
import { basename } from "node:path";
import { toHex, utf8 } from "../core/bytes.ts";
import { webDigest } from "../core/digest.ts";
import { TributaryError } from "../core/errors.ts";
import { CSV, eachRecord } from "../data/delimited.ts";
import type { Catalogue } from "../data/interactions.ts";
import { badLine } from "../data/source_file.ts";

/** Digest of items in their order, hex: it tells whether two parties number them alike. */
export async function itemsDigest(items: readonly string[]): Promise<string> {
  return toHex(await webDigest(utf8(JSON.stringify(items))));
}

/** The file's text: a line `item,title` of names, then one line an item. */
export function renderItems({ items, titles }: Catalogue): string {
  const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const lines = items.map((item, at) => `${quote(item)},${quote(titles[at] ?? item)}`);
  return ["item,title", ...lines, ""].join("\n");
}

/**
 * Reads such a file.
 *
 * @throws {TributaryError} `bad-data` naming file, line, and what was expected.
 */
export async function openItems(path: string): Promise<Catalogue> {
  const bytes = await Deno.readFile(path).catch((cause) => {
    throw new TributaryError("bad-data", `Cannot open ${path}: expected a file of items`, {
      cause,
    });
  });
  const name = basename(path);
  const titles = new Map<string, string>();
  let first = true;
  eachRecord({ name, bytes }, {
    layout: CSV,
    take(fields, line) {
      const [item = "", title = ""] = fields;
      if (first) {
        first = false;
        if (fields.join() === "item,title") return;
        throw badLine(name, { line, found: `is "${fields.join()}"`, expected: "item,title" });
      }
      if (fields.length !== 2 || item === "" || titles.has(item)) {
        throw badLine(name, {
          line,
          found: `has ${fields.length} fields, the first "${item}"`,
          expected: "an item and its title, each item once",
        });
      }
      titles.set(item, title);
    },
  });
  return { items: [...titles.keys()], titles: [...titles.values()] };
}
