/**
 * Ratings from a folder or a file, whichever of the known forms they have.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import type { Interactions } from "./interactions.ts";
import { readCsv } from "./read_csv.ts";
import type { ColumnMap } from "./read_csv.ts";
import { readMovieLensCsv } from "./read_movielens_csv.ts";
import { readRatingsDat } from "./read_ratings_dat.ts";
import { readUData } from "./read_u_data.ts";
import type { SourceFile } from "./source_file.ts";

/** Access to the files of one folder, or to a single file as a folder of one. */
export interface FileAccess {
  /** Names of the files, without the folder. */
  list(): Promise<readonly string[]> | readonly string[];
  /** Contents of one of them. */
  read(name: string): Promise<Uint8Array> | Uint8Array;
}

const KNOWN = ["ratings.csv", "u.data", "ratings.dat"] as const;

/**
 * Reads ratings by the file names that are there: `ratings.csv` (with `movies.csv`), `u.data` (with
 * `u.item`, `u.user`), `ratings.dat` (with `movies.dat`, `users.dat`). A single CSV file of another
 * name is taken for a `ratings.csv`; with `columns`, the one CSV file is read by them.
 *
 * @throws {TributaryError} `bad-data` if no form or more than one is recognised, or the reader refuses.
 *
 * @example A folder in memory
 * ```ts
 * import { readRatings } from "./read_ratings.ts";
 *
 * const data = await readRatings({
 *   list: () => ["u.data"],
 *   read: () => new TextEncoder().encode("196\t242\t3\t881250949\n"),
 * });
 * if (data.items[0] !== "242") throw new Error();
 * ```
 */
export async function readRatings(
  files: FileAccess,
  options: { columns?: ColumnMap | undefined } = {},
): Promise<Interactions> {
  const names = await files.list();
  const open = async (name: string): Promise<SourceFile> => ({
    name,
    bytes: await files.read(name),
  });
  const openIfThere = async (name: string): Promise<SourceFile | undefined> =>
    names.includes(name) ? await open(name) : undefined;

  if (options.columns !== undefined) {
    const csv = names.filter(isCsv);
    const name = csv.includes("ratings.csv")
      ? "ratings.csv"
      : only(csv, { names, form: "CSV file" });
    return readCsv(await open(name), { columns: options.columns });
  }

  const [single] = names;
  if (single !== undefined && names.length === 1 && isCsv(single)) {
    return readMovieLensCsv({ ratings: await open(single) });
  }
  const form = only(KNOWN.filter((name) => names.includes(name)), {
    names,
    form: "of ratings.csv, u.data and ratings.dat, or a CSV file with its columns named",
  });
  const ratings = await open(form);
  switch (form) {
    case "ratings.csv":
      return readMovieLensCsv({ ratings, movies: await openIfThere("movies.csv") });
    case "u.data":
      return readUData({
        ratings,
        titles: await openIfThere("u.item"),
        people: await openIfThere("u.user"),
      });
    case "ratings.dat":
      return readRatingsDat({
        ratings,
        titles: await openIfThere("movies.dat"),
        people: await openIfThere("users.dat"),
      });
    default:
      return form satisfies never;
  }
}

function isCsv(name: string): boolean {
  return name.toLowerCase().endsWith(".csv");
}

function only<T extends string>(
  found: readonly T[],
  context: { names: readonly string[]; form: string },
): T {
  const [first, ...others] = found;
  if (first !== undefined && others.length === 0) return first;
  const there = first === undefined ? context.names : found;
  const some = there.slice(0, 5).join(", ") + (there.length > 5 ? ", …" : "");
  throw new TributaryError(
    "bad-data",
    `Cannot read ratings: found ${some === "" ? "no files" : some}, expected one ${context.form}`,
  );
}
