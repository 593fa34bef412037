/**
 * Leave-one-out by time: each person's last rating is kept for the test.
 *
 * @module
 */
import { pickRatings } from "./interactions.ts";
import type { Interactions } from "./interactions.ts";

/** What training may see, and what it may not. */
export interface Split {
  /** The ratings to train on; people, items and titles as in the whole data. */
  readonly train: Interactions;
  /** Item kept for validation, by person; {@link NONE} where nothing is kept. */
  readonly validation: Int32Array;
  /** Item kept for the test, by person; {@link NONE} where nothing is kept. */
  readonly test: Int32Array;
}

/** Stands for "no item" in a {@link Split}. */
export const NONE: -1 = -1;

/**
 * Keeps each person's last rating for the test and, if asked, the one before for validation.
 *
 * Who has a single rating keeps it in train; who has two has no validation item. Items that only
 * held-out ratings mention stay in the catalogue.
 *
 * @param options `validation` (default false) to keep a second rating back.
 */
export function leaveOneOut(
  data: Interactions,
  options: { validation?: boolean } = {},
): Split {
  const validation = new Int32Array(data.people.length).fill(NONE);
  const test = new Int32Array(data.people.length).fill(NONE);
  const histories = data.histories.map((history, person) => {
    const count = history.items.length;
    if (count < 2) return history;
    test[person] = history.items[count - 1] ?? NONE;
    const second = options.validation === true && count > 2;
    if (second) validation[person] = history.items[count - 2] ?? NONE;
    return pickRatings(
      history,
      Uint32Array.from({ length: count - (second ? 2 : 1) }, (_, i) => i),
    );
  });
  return { train: { ...data, histories }, validation, test };
}
