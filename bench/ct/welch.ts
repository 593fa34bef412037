/**
 * Whether two lists of times have the same mean: Welch's t-test, as dudect uses it (Reparaz, Balasch and
 * Verbauwhede 2017).
 *
 * @module
 */

/** Count, mean and variance of a list. */
interface Moments {
  readonly count: number;
  readonly mean: number;
  /** Of a sample, with `count − 1`. */
  readonly variance: number;
}

function moments(values: readonly number[]): Moments {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { count, mean, variance: squares / (count - 1) };
}

/** Welch's t of two lists; 0 where neither varies and both are the same. */
export function welchT(a: readonly number[], b: readonly number[]): number {
  const [first, second] = [moments(a), moments(b)];
  const difference = first.mean - second.mean;
  const spread = first.variance / first.count + second.variance / second.count;
  return difference === 0 ? 0 : difference / Math.sqrt(spread);
}

/** Parts of the fastest runs that are looked at by themselves: interrupts only ever make a run slow. */
const CROPS = [1, 0.99, 0.95, 0.9, 0.75, 0.5];

/**
 * The largest `|t|` of two lists over several crops: all runs, and those below a percentile of both lists
 * together.
 */
export function worstT(a: readonly number[], b: readonly number[]): number {
  const all = [...a, ...b].sort((x, y) => x - y);
  const ts = CROPS.map((crop) => {
    const most = all[Math.ceil(crop * all.length) - 1] ?? Infinity;
    const below = (value: number) => value <= most;
    return Math.abs(welchT(a.filter(below), b.filter(below)));
  });
  return Math.max(...ts);
}
