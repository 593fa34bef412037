/**
 * How well a ranked list serves one person, with binary or graded relevance.
 *
 * All take the ranked items, best first, and the items that are relevant; `k` cuts the list, and is
 * its whole length if left out. Values are in `[0, 1]`, and 0 where nothing is relevant. Definitions
 * as in ranx, ir-measures and scikit-learn.
 *
 * @module
 */

/** Where a ranked list is cut. */
export interface CutOptions {
  /** Ranks that count, at least 1; default all. */
  readonly k?: number;
}

/** Share of the relevant items that are in the first `k`. */
export function recall(
  ranked: ArrayLike<number>,
  relevant: ReadonlySet<number>,
  options: CutOptions = {},
): number {
  return ratio(hitRanks(ranked, relevant, options).length, relevant.size);
}

/** Share of the first `k` ranks that hold a relevant item; a shorter list counts as empty there. */
export function precision(
  ranked: ArrayLike<number>,
  relevant: ReadonlySet<number>,
  options: CutOptions = {},
): number {
  return ratio(hitRanks(ranked, relevant, options).length, cutOf(ranked, options));
}

/** 1 if a relevant item is in the first `k`, else 0. */
export function hitRate(
  ranked: ArrayLike<number>,
  relevant: ReadonlySet<number>,
  options: CutOptions = {},
): number {
  return hitRanks(ranked, relevant, options).length > 0 ? 1 : 0;
}

/**
 * Normalised discounted cumulative gain: gain 1 for a relevant item, discount 1 / log2(rank + 1), over
 * that of the ideal list cut at `k` (Järvelin and Kekäläinen 2002).
 */
export function ndcg(
  ranked: ArrayLike<number>,
  relevant: ReadonlySet<number>,
  options: CutOptions = {},
): number {
  let gained = 0;
  for (const rank of hitRanks(ranked, relevant, options)) gained += discount(rank);
  let ideal = 0;
  for (let rank = 1; rank <= Math.min(cutOf(ranked, options), relevant.size); rank++) {
    ideal += discount(rank);
  }
  return ratio(gained, ideal);
}

/**
 * Average precision: the sum of the precision at each hit within `k`, over the number of relevant
 * items, also where that is above `k`. Its mean over people is MAP.
 */
export function averagePrecisionAt(
  ranked: ArrayLike<number>,
  relevant: ReadonlySet<number>,
  options: CutOptions = {},
): number {
  const ranks = hitRanks(ranked, relevant, options);
  return ratio(ranks.reduce((sum, rank, index) => sum + (index + 1) / rank, 0), relevant.size);
}

/** Reciprocal rank of the first hit within `k`, else 0. Its mean over people is MRR. */
export function reciprocalRank(
  ranked: ArrayLike<number>,
  relevant: ReadonlySet<number>,
  options: CutOptions = {},
): number {
  const [first] = hitRanks(ranked, relevant, options);
  return first === undefined ? 0 : 1 / first;
}

/**
 * Normalised discounted cumulative gain with grades.
 *
 * @param ranked  Items, best first.
 * @param grades  Grade of each item by index, 0 or more.
 * @param options `k`, and `gain`: the grade itself (default), or 2^grade − 1.
 */
export function gradedNdcg(
  ranked: ArrayLike<number>,
  grades: ArrayLike<number>,
  options: CutOptions & { gain?: "linear" | "exponential" } = {},
): number {
  const gainOf = (grade: number): number => options.gain === "exponential" ? 2 ** grade - 1 : grade;
  const cut = cutOf(ranked, options);
  const total = (ordered: readonly number[]): number =>
    ordered.slice(0, cut).reduce((sum, grade, at) => sum + gainOf(grade) * discount(at + 1), 0);
  const gained = total(Array.from(ranked, (item) => grades[item] ?? 0));
  return ratio(gained, total(Array.from(grades).sort((a, b) => b - a)));
}

/** Share of the catalogue that occurs in at least one of the lists, each cut at `k`. */
export function coverage(
  lists: Iterable<ArrayLike<number>>,
  options: CutOptions & { items: number },
): number {
  const shown = new Set<number>();
  for (const list of lists) {
    for (const item of Array.from(list).slice(0, cutOf(list, options))) shown.add(item);
  }
  return shown.size / options.items;
}

/** The discount of a rank, 1 / log2(rank + 1); `rank` from 1. */
export function discount(rank: number): number {
  return 1 / Math.log2(rank + 1);
}

function hitRanks(
  ranked: ArrayLike<number>,
  relevant: ReadonlySet<number>,
  options: CutOptions,
): number[] {
  const ranks: number[] = [];
  const cut = Math.min(cutOf(ranked, options), ranked.length);
  for (let at = 0; at < cut; at++) {
    if (relevant.has(ranked[at] ?? -1)) ranks.push(at + 1);
  }
  return ranks;
}

function cutOf(ranked: ArrayLike<number>, options: CutOptions): number {
  const { k } = options;
  if (k !== undefined && !(Number.isInteger(k) && k >= 1)) {
    throw new RangeError(`Cannot cut a ranked list at ${k}: expected a whole number above 0`);
  }
  return k ?? ranked.length;
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
