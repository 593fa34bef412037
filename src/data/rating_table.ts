/**
 * Ratings as they come from a file, one row at a time, until they become {@link Interactions}.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import { pickRatings } from "./interactions.ts";
import type { History, Interactions } from "./interactions.ts";
import { badLine, quoteValue } from "./source_file.ts";

/** The text of one line, by what it means. */
export interface RatingFields {
  /** Id of the person. */
  readonly user: string;
  /** Id of the item. */
  readonly item: string;
  /** The rating; absent where the file has none, which counts as 1. */
  readonly rating?: string | undefined;
  /** Whole seconds, or another whole unit; absent where the order of the file is all there is. */
  readonly time?: string | undefined;
}

/**
 * What becomes of an item that a person has more than once: it is refused, or one of the times
 * counts, in order of time.
 */
export type Repeats = "refuse" | "first" | "last";

/** Rows read so far, as columns; people and items are numbered as they first appear. */
export interface RatingTable {
  /** Name of the file, for messages. */
  readonly file: string;
  /** Whether ids are whole numbers, as in MovieLens. */
  readonly numericIds: boolean;
  /** Index of each person, by id. */
  readonly people: Map<string, number>;
  /** Index of each item, by id. */
  readonly items: Map<string, number>;
  /** Columns of equal length, one entry a rating. */
  readonly rows: {
    readonly person: number[];
    readonly item: number[];
    readonly rating: number[];
    readonly time: number[];
    readonly line: number[];
  };
}

/** A table without rows. */
export function emptyTable(options: { file: string; numericIds: boolean }): RatingTable {
  return {
    ...options,
    people: new Map(),
    items: new Map(),
    rows: { person: [], item: [], rating: [], time: [], line: [] },
  };
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
/** Whether a text is a number in one of the usual spellings, such as `4`, `.5`, `-1.2e3`. */
export function isNumber(text: string): boolean {
  return NUMBER.test(text);
}

const WHOLE = /^-?\d{1,15}$/;

/**
 * Checks the text of one line and adds it to the table.
 *
 * @throws {TributaryError} `bad-data` if an id is missing or not of the expected kind, the rating is
 *   not finite, or the time is not whole.
 */
export function addRating(
  table: RatingTable,
  options: { fields: RatingFields; line: number },
): void {
  const { fields, line } = options;
  const refuse = (found: string, expected: string): TributaryError =>
    badLine(table.file, { line, found, expected });

  const idKind = table.numericIds ? "a whole number" : "an id";
  const idFits = (id: string): boolean => table.numericIds ? /^\d{1,15}$/.test(id) : id !== "";
  if (!idFits(fields.user)) {
    throw refuse(`has the person ${quoteValue(fields.user)}`, idKind);
  }
  if (fields.item === "") {
    throw refuse(
      `names person ${quoteValue(fields.user)} without an item`,
      "a rating on every line",
    );
  }
  if (!idFits(fields.item)) throw refuse(`has the item ${quoteValue(fields.item)}`, idKind);

  const rating = fields.rating === undefined ? 1 : Number(fields.rating);
  const ratingIsText = fields.rating !== undefined && !isNumber(fields.rating);
  // What is finite in float64 may not be in the float32 that it is kept in.
  if (ratingIsText || !Number.isFinite(Math.fround(rating))) {
    throw refuse(`has the rating ${quoteValue(fields.rating ?? "")}`, "a finite number");
  }
  if (fields.time !== undefined && !WHOLE.test(fields.time)) {
    throw refuse(`has the time ${quoteValue(fields.time)}`, "a whole number");
  }

  const { rows } = table;
  rows.person.push(indexOf(table.people, fields.user));
  rows.item.push(indexOf(table.items, fields.item));
  rows.rating.push(rating);
  rows.time.push(fields.time === undefined ? 0 : Number(fields.time));
  rows.line.push(line);
}

function indexOf(ids: Map<string, number>, id: string): number {
  const known = ids.get(id);
  if (known !== undefined) return known;
  ids.set(id, ids.size);
  return ids.size - 1;
}

/**
 * The table as {@link Interactions}: each person's ratings by time, then by line.
 *
 * @param options `titles` by item id; items without one are called by their id. `repeats` (default
 *   `refuse`) of an item by one person.
 * @throws {TributaryError} `bad-data` if there is no rating, or a person rated an item twice and
 *   that is refused: then the sentence names the first line that repeats one, and the line it
 *   repeats.
 */
export function toInteractions(
  table: RatingTable,
  options: {
    readonly titles?: ReadonlyMap<string, string> | undefined;
    readonly repeats?: Repeats | undefined;
  } = {},
): Interactions {
  const { titles, repeats = "refuse" } = options;
  if (table.rows.person.length === 0) {
    throw new TributaryError(
      "bad-data",
      `Cannot read ${table.file}: it holds no ratings, expected at least one`,
    );
  }
  const byPerson: number[][] = Array.from(table.people, () => []);
  table.rows.person.forEach((person, row) => byPerson[person]?.push(row));
  if (repeats === "refuse") refuseRepeats(table, byPerson);

  const column: History = {
    items: Uint32Array.from(table.rows.item),
    ratings: Float32Array.from(table.rows.rating),
    times: Float64Array.from(table.rows.time),
  };
  const time = (row: number): number => column.times[row] ?? 0;
  const items = [...table.items.keys()];
  return {
    people: [...table.people.keys()],
    items,
    titles: items.map((id) => titles?.get(id) ?? id),
    histories: byPerson.map((rows) => {
      const inTime = rows.sort((a, b) => time(a) - time(b) || a - b);
      const kept = repeats === "refuse"
        ? inTime
        : onceEach(inTime, { items: column.items, repeats });
      return pickRatings(column, Uint32Array.from(kept));
    }),
  };
}

/** The rows at which each item stands for the first or the last time, in their order. */
function onceEach(
  rows: readonly number[],
  { items, repeats }: { items: Uint32Array; repeats: "first" | "last" },
): readonly number[] {
  const at = new Map<number, number>();
  for (const row of rows) {
    const item = items[row] ?? 0;
    if (repeats === "last" || !at.has(item)) at.set(item, row);
  }
  return rows.filter((row) => at.get(items[row] ?? 0) === row);
}

function refuseRepeats(table: RatingTable, byPerson: readonly (readonly number[])[]): void {
  const { rows } = table;
  const lastPerson = new Int32Array(table.items.size).fill(-1);
  const lastRow = new Uint32Array(table.items.size);
  let first: { row: number; earlier: number } | undefined;
  byPerson.forEach((own, person) => {
    for (const row of own) {
      const item = rows.item[row] ?? 0;
      if (lastPerson[item] === person && (first === undefined || row < first.row)) {
        first = { row, earlier: lastRow[item] ?? 0 };
      }
      lastPerson[item] = person;
      lastRow[item] = row;
    }
  });
  if (first === undefined) return;
  const person = [...table.people.keys()][rows.person[first.row] ?? 0] ?? "";
  const item = [...table.items.keys()][rows.item[first.row] ?? 0] ?? "";
  throw badLine(table.file, {
    line: rows.line[first.row] ?? 0,
    found: `has a second rating of item ${quoteValue(item)} by person ${quoteValue(person)} ` +
      `(the first is on line ${rows.line[first.earlier] ?? 0})`,
    expected: "at most one",
  });
}
