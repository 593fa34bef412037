/**
 * Tables of Skellam noise: what the core draws integers by.
 *
 * @module
 */

/** Bits of an entry: it stands for `2^127 · P(|X| ≥ j)`. */
const ENTRY_BITS = 127n;
/** Bits that the smallest of the terms below begins with: each is then good to one part in 2^190. */
const GUARD_BITS = 192n;
/** Steps from the last entry to where the recurrence begins, over the standard deviation. */
const LEAD = 4;
/** Longest table: half a megabyte in the core's memory. */
export const MOST_ENTRIES = 65_535;

/** Which noise. */
export interface SkellamShare {
  /** Variance of a sample: twice the mean of either Poisson variable whose difference it is. */
  readonly variance: number;
  /** Largest magnitude; what is larger is drawn again. */
  readonly most: number;
}

/**
 * The table of Skellam noise with `P(x) ∝ e^−v I_x(v)`, of variance `v`, given that `|X| ≤ most`. Four
 * words an entry, the lowest first, from `j = 1`.
 *
 * The Bessel functions come from their recurrence `I_{x−1} = I_{x+1} + (2x/v) I_x`, downwards, which
 * loses no precision (J. C. P. Miller's algorithm), in whole numbers: no entry is off by more than one
 * unit, so that a sample is within `entries · 2^−127` of the distribution in statistical distance.
 *
 * @throws {RangeError} If the variance is no positive number, or the table too long.
 *
 * @example A variance so small that the noise is almost always 0
 * ```ts
 * import { skellamTable } from "./skellam_table.ts";
 *
 * const table = skellamTable({ variance: 0.001, most: 100 });
 * // P(|X| ≥ 1) is nearly the variance; the upper word of an entry counts in 2^−31.
 * if (Math.abs((table[3] ?? 0) / 2 ** 31 - 0.001) > 1e-6) throw new Error("unexpected table");
 * ```
 */
export function skellamTable({ variance, most }: SkellamShare): Uint32Array {
  if (!(variance > 0 && Number.isFinite(variance)) || !(most >= 1)) {
    throw new RangeError(
      `Cannot make a table of Skellam noise of variance ${variance} up to ${most}: expected numbers above 0`,
    );
  }
  const end = tableLength({ variance, most });
  if (end > MOST_ENTRIES) {
    throw new RangeError(
      `Cannot make a table of Skellam noise of variance ${variance}: it has ${end} entries, expected at most ${MOST_ENTRIES}`,
    );
  }
  const terms = besselTerms(variance, end);
  // Sums of the terms above each place, from the end.
  const above: bigint[] = new Array(end + 2).fill(0n);
  for (let x = end; x >= 1; x--) above[x] = (above[x + 1] ?? 0n) + (terms[x] ?? 0n);
  const total = (terms[0] ?? 0n) + 2n * (above[1] ?? 0n);
  const table = new Uint32Array(4 * end);
  for (let j = 1; j <= end; j++) {
    let entry = ((above[j] ?? 0n) << (ENTRY_BITS + 1n)) / total;
    for (let word = 0; word < 4; word++) {
      table[4 * (j - 1) + word] = Number(entry & 0xffff_ffffn);
      entry >>= 32n;
    }
  }
  return table;
}

/** Entries of the table of such noise. */
export function tableLength({ variance, most }: SkellamShare): number {
  return Math.min(Math.floor(most), lastEntry(variance));
}

/** Terms proportional to `I_0(v)` to `I_end(v)`. */
function besselTerms(variance: number, end: number): bigint[] {
  const { numerator, denominator } = fraction(variance);
  const start = lastEntry(variance) + Math.ceil(LEAD * Math.sqrt(variance)) + 64;
  const terms: bigint[] = new Array(end + 1).fill(0n);
  let [upper, here] = [0n, 1n << GUARD_BITS];
  for (let x = start; x >= 1; x--) {
    if (x <= end) terms[x] = here;
    [upper, here] = [here, upper + 2n * BigInt(x) * here * denominator / numerator];
  }
  terms[0] = here;
  return terms;
}

/** A number as a fraction: exactly, as every float64 is one. */
function fraction(value: number): { readonly numerator: bigint; readonly denominator: bigint } {
  let denominator = 1n;
  let numerator = value;
  while (!Number.isSafeInteger(numerator)) {
    numerator *= 2;
    denominator *= 2n;
  }
  return { numerator: BigInt(numerator), denominator };
}

/** The last place of which the tail is not below `2^−128` by {@link logSkellamTail}. */
function lastEntry(variance: number): number {
  let [low, high] = [0, 1];
  const isBelow = (x: number) => logSkellamTail(x, variance) < -129 * Math.LN2;
  while (high < 2 ** 52 && !isBelow(high)) [low, high] = [high, 2 * high];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (isBelow(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/**
 * A bound on `ln P(|X| ≥ x)`: Chernoff's, `ln 2 + √(v² + x²) − v − x·asinh(x/v)` for variance `v`, from
 * the moment generating function `e^(v(cosh θ − 1))`.
 */
export function logSkellamTail(x: number, variance: number): number {
  const ratio = x / variance;
  // √(1 + r²) − 1 without cancellation.
  const root = ratio * ratio / (Math.sqrt(1 + ratio * ratio) + 1);
  return Math.min(0, Math.LN2 + variance * root - x * Math.asinh(ratio));
}
