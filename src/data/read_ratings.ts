/**
 * Ratings from a folder or a file, whichever of the known forms they have.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import { unpackGzip } from "./gzip.ts";
import type { Interactions } from "./interactions.ts";
import type { Repeats } from "./rating_table.ts";
import { readBaskets } from "./read_baskets.ts";
import { readCsv } from "./read_csv.ts";
import type { ColumnMap } from "./read_csv.ts";
import { readMovieLensCsv } from "./read_movielens_csv.ts";
import { readMsweb } from "./read_msweb.ts";
import { readRatingsDat } from "./read_ratings_dat.ts";
import { readSequences } from "./read_sequences.ts";
import { readUData } from "./read_u_data.ts";
import type { SourceFile } from "./source_file.ts";

/** Access to the files of one folder, or to a single file as a folder of one. */
export interface FileAccess {
  /** Names of the files, without the folder. */
  list(): Promise<readonly string[]> | readonly string[];
  /** Contents of one of them. */
  read(name: string): Promise<Uint8Array> | Uint8Array;
}

const KNOWN = ["ratings.csv", "u.data", "ratings.dat", "anonymous-msweb.data"] as const;

/** How files are read whose names do not tell. */
export interface ReadRatingsOptions {
  /** Columns of the one CSV file. */
  readonly columns?: ColumnMap | undefined;
  /** Form of the one file that is there, see {@link readBaskets} and {@link readSequences}. */
  readonly events?: "baskets" | "sequences" | undefined;
  /** With `events`: what becomes of an item that a person has more than once (default `refuse`). */
  readonly repeats?: Repeats | undefined;
}

/**
 * Reads ratings by the file names that are there: `ratings.csv` (with `movies.csv`), `u.data` (with
 * `u.item`, `u.user`), `ratings.dat` (with `movies.dat`, `users.dat`), `anonymous-msweb.data`. A
 * single CSV file of another name is taken for a `ratings.csv`; with `columns`, the one CSV file is
 * read by them; with `events`, the one file of any name. Each may be compressed by gzip, with `.gz`
 * after its name.
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
  options: ReadRatingsOptions = {},
): Promise<Interactions> {
  const stored = await files.list();
  const names = [...new Set(stored.map((name) => name.replace(/\.gz$/i, "")))];
  const open = async (name: string): Promise<SourceFile> => {
    const found = stored.find((one) => one === name) ??
      stored.find((one) => one.replace(/\.gz$/i, "") === name) ?? name;
    return await unpackGzip({ name: found, bytes: await files.read(found) });
  };
  const openIfThere = async (name: string): Promise<SourceFile | undefined> =>
    names.includes(name) ? await open(name) : undefined;

  if (options.columns !== undefined) {
    const csv = names.filter(isCsv);
    const name = csv.includes("ratings.csv")
      ? "ratings.csv"
      : only(csv, { names, form: "CSV file" });
    return readCsv(await open(name), { columns: options.columns });
  }

  if (options.events !== undefined) {
    const file = await open(only(names, { names, form: `file of ${options.events}` }));
    return (options.events === "baskets" ? readBaskets : readSequences)(file, options);
  }

  const [single] = names;
  if (single !== undefined && names.length === 1 && isCsv(single)) {
    return readMovieLensCsv({ ratings: await open(single) });
  }
  const form = only(KNOWN.filter((name) => names.includes(name)), {
    names,
    form: "of ratings.csv, u.data, ratings.dat and anonymous-msweb.data, " +
      "or a CSV file with its columns named",
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
    case "anonymous-msweb.data":
      return readMsweb(ratings);
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
