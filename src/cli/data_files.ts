/**
 * Ratings on disk: a folder of one of the known forms, or a single file.
 *
 * @module
 */
import { basename, join } from "node:path";
import { TributaryError } from "../core/errors.ts";
import type { Interactions } from "../data/interactions.ts";
import { keepPopular } from "../data/keep_popular.ts";
import type { ColumnMap } from "../data/read_csv.ts";
import { type FileAccess, readRatings } from "../data/read_ratings.ts";
import type { Reading } from "./reading.ts";

/**
 * Reads the ratings under `path`.
 *
 * @param reading What the file does not tell itself.
 * @throws {TributaryError} `bad-data` naming file, line, and what was expected.
 */
export async function openRatings(path: string, reading: Reading = {}): Promise<Interactions> {
  const { columns, events, popular = Infinity } = reading;
  const data = await readRatings(await openFiles(path), {
    ...{ columns: columns === undefined ? undefined : parseColumns(columns), events },
    repeats: "last",
  });
  return popular >= data.items.length ? data : keepPopular(data, { items: popular });
}

async function openFiles(path: string): Promise<FileAccess> {
  const info = await Deno.stat(path).catch((cause) => {
    throw new TributaryError(
      "bad-data",
      `Cannot open ${path}: expected a file or folder of ratings`,
      { cause },
    );
  });
  if (!info.isDirectory) {
    return { list: () => [basename(path)], read: () => Deno.readFile(path) };
  }
  return {
    list: async () => {
      const names = [];
      for await (const entry of Deno.readDir(path)) if (entry.isFile) names.push(entry.name);
      return names.sort();
    },
    read: (name) => Deno.readFile(join(path, name)),
  };
}

/**
 * A column map from its text, such as `user=customer,item=sku,rating=stars,time=at`.
 *
 * @throws {TributaryError} `bad-data` if a part is not of that form, or user or item is missing.
 */
export function parseColumns(text: string): ColumnMap {
  const known = ["user", "item", "rating", "time"];
  const columns = new Map<string, string>();
  for (const part of text.split(",")) {
    const [role = "", column = "", ...rest] = part.split("=");
    if (!known.includes(role) || column === "" || rest.length > 0 || columns.has(role)) {
      throw new TributaryError(
        "bad-data",
        `Cannot read columns "${text}": found "${part}", expected each of ${
          known.join(", ")
        } at most once, as role=column`,
      );
    }
    columns.set(role, column);
  }
  const [user, item] = [columns.get("user"), columns.get("item")];
  if (user === undefined || item === undefined) {
    throw new TributaryError(
      "bad-data",
      `Cannot read columns "${text}": expected a column for user and one for item`,
    );
  }
  return { ...Object.fromEntries(columns), user, item };
}
