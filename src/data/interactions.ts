/**
 * What people did with items: the one form in which ratings travel through the library.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";

/**
 * One person's ratings in order of time, as parallel columns.
 *
 * Where times are equal, the order of the file decides: what stands later counts as later. Each
 * person owns their buffers, so that handing one history on hands on nobody else's.
 */
export interface History {
  /** Dense index of each item, in `[0, items.length)` of the {@link Interactions}; no repeats. */
  readonly items: Uint32Array;
  /** Rating of each item, finite; 1 where the source has none. */
  readonly ratings: Float32Array;
  /** Time of each rating in the source's unit, seconds since 1970 in MovieLens; 0 where it has none. */
  readonly times: Float64Array;
}

/** People, items and who rated what, with dense indices and the source's own ids. */
export interface Interactions {
  /** Original id of each person; the position is the person's dense index. */
  readonly people: readonly string[];
  /** Original id of each item; the position is the item's dense index. */
  readonly items: readonly string[];
  /** Title of each item; its original id where the source has no title. */
  readonly titles: readonly string[];
  /** History of each person, by dense index. */
  readonly histories: readonly History[];
}

/** Number of ratings of all people together. */
export function ratingCount(data: Interactions): number {
  return data.histories.reduce((sum, history) => sum + history.items.length, 0);
}

/**
 * A history with the ratings at `positions`, in that order, in buffers of its own.
 *
 * @param history   Where the ratings are taken from; left as it is.
 * @param positions Positions in `[0, history.items.length)`.
 */
export function pickRatings(history: History, positions: Uint32Array): History {
  const picked = {
    items: new Uint32Array(positions.length),
    ratings: new Float32Array(positions.length),
    times: new Float64Array(positions.length),
  };
  positions.forEach((from, to) => {
    picked.items[to] = history.items[from] ?? 0;
    picked.ratings[to] = history.ratings[from] ?? 0;
    picked.times[to] = history.times[from] ?? 0;
  });
  return picked;
}

/** A list of items that somebody else fixed, such as the rows of a published model. */
export interface Catalogue {
  /** Original id of each item, without repeats. */
  readonly items: readonly string[];
  /** Title of each item, in the same order. */
  readonly titles: readonly string[];
}

/**
 * The same ratings with their items numbered as in a given catalogue.
 *
 * A client reads its own file, whose numbering is its own; the rows of the model are the task's.
 *
 * @throws {TributaryError} `bad-data` if an item is not in the catalogue.
 */
export function alignItems(data: Interactions, catalogue: Catalogue): Interactions {
  const position = new Map(catalogue.items.map((id, index) => [id, index]));
  const renumbered = Uint32Array.from(data.items, (id) => {
    const index = position.get(id);
    if (index === undefined) {
      throw new TributaryError(
        "bad-data",
        `Cannot use the rating of item ${JSON.stringify(id)}: it is not among the ` +
          `${catalogue.items.length} items of the catalogue, expected one of them`,
      );
    }
    return index;
  });
  const histories = data.histories.map((history) => ({
    ...history,
    items: history.items.map((item) => renumbered[item] ?? 0),
  }));
  return { people: data.people, items: catalogue.items, titles: catalogue.titles, histories };
}
