/**
 * From scores to ranks and lists. A score that is not a number is the worst there is.
 *
 * @module
 */

/** How items with the score of the target count. */
export type TieRule = "against" | "average" | "for";

/**
 * Rank (from 1) of one item by its score.
 *
 * Ties count against it, so that a model that scores everything alike gains nothing. NaN is below
 * every number and equal to NaN, so a target without a proper score comes last.
 *
 * @param scores  Score of each item by index; higher is better.
 * @param target  Index of the item.
 * @param options `among`: the items to rank it against, by index (default all); the target itself is
 *   passed over. `ties`, default `"against"`.
 * @returns A whole number, or with `ties: "average"` perhaps one and a half.
 * @throws {RangeError} If there is no score at `target`.
 *
 * @example Two are better, one is equal
 * ```ts
 * import { rankOfTarget } from "./order.ts";
 *
 * const scores = [0.5, 0.9, 0.5, 0.7, 0.1];
 * if (rankOfTarget(scores, 0) !== 4) throw new Error();
 * if (rankOfTarget(scores, 0, { ties: "for" }) !== 3) throw new Error();
 * ```
 */
export function rankOfTarget(
  scores: ArrayLike<number>,
  target: number,
  options: { among?: ArrayLike<number>; ties?: TieRule } = {},
): number {
  const own = scores[target];
  if (own === undefined) {
    throw new RangeError(`Cannot rank item ${target}: expected one below ${scores.length}`);
  }
  const { among, ties = "against" } = options;
  let better = 0;
  let equal = 0;
  const count = among?.length ?? scores.length;
  for (let at = 0; at < count; at++) {
    const item = among === undefined ? at : among[at] ?? target;
    if (item === target) continue;
    const order = compareScores(scores[item] ?? NaN, own);
    if (order > 0) better++;
    else if (order === 0) equal++;
  }
  switch (ties) {
    case "against":
      return 1 + better + equal;
    case "average":
      return 1 + better + equal / 2;
    case "for":
      return 1 + better;
    default:
      return ties satisfies never;
  }
}

/**
 * The `k` items of the highest scores, best first; of equal scores the lower index comes first.
 *
 * Items whose score is NaN are left out, so the list may be shorter.
 *
 * @param scores  Score of each item by index.
 * @param options `k`, and the items to `exclude`, by index.
 */
export function topK(
  scores: ArrayLike<number>,
  options: { k: number; exclude?: Uint32Array },
): Uint32Array {
  const { k, exclude } = options;
  const open = withoutItems(scores, exclude ?? new Uint32Array());
  const best: { item: number; score: number }[] = [];
  open.forEach((score, item) => {
    const last = best[k - 1];
    if (Number.isNaN(score) || k < 1 || (last !== undefined && score <= last.score)) return;
    let at = best.length;
    while (at > 0 && score > (best[at - 1]?.score ?? Infinity)) at--;
    best.splice(at, 0, { item, score });
    if (best.length > k) best.pop();
  });
  return Uint32Array.from(best, ({ item }) => item);
}

/** A copy of the scores in which the excluded items have NaN, and so come last. */
export function withoutItems(scores: ArrayLike<number>, exclude: Uint32Array): Float64Array {
  const open = Float64Array.from(scores);
  for (const item of exclude) open[item] = NaN;
  return open;
}

/** Above 0 if `a` is better, below if worse, 0 if equal; NaN is below every number. */
function compareScores(a: number, b: number): number {
  if (a === b) return 0;
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : -1;
  return a > b || Number.isNaN(b) ? 1 : -1;
}
