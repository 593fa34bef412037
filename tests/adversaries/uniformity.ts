/**
 * Whether what somebody holds looks uniform, and whether two of them look different: Pearson's
 * chi-square over counts of what fell where.
 *
 * A statistic of `B` cells over `W` observations has mean `B − 1`, and `W·Σ(p − 1/B)²·B` more if the
 * chances are `p`. Tests accept up to {@link LIMIT} standard deviations, which chance alone exceeds
 * less than once in a million runs, and see with 999 chances in 1000 whatever adds {@link SEEN} of
 * them.
 *
 * @module
 */
import assert from "node:assert/strict";

/** Standard deviations that a test accepts. */
export const LIMIT = 5.5;

/** Standard deviations that a difference has to add to be seen, all but surely, in 64 cells or more. */
const SEEN = 16;

/** Counts of words by the cell of `[0, modulus)` in which they lie. */
export function countCells(
  words: Iterable<number>,
  { modulus, cells }: { readonly modulus: number; readonly cells: number },
): Float64Array {
  const counts = new Float64Array(cells);
  for (const word of words) counts[Math.floor(word / modulus * cells)]! += 1;
  return counts;
}

/** Counts of words by their lowest bits. */
export function countLowBits(words: Iterable<number>, bits: number): Float64Array {
  const counts = new Float64Array(2 ** bits);
  for (const word of words) counts[word & (2 ** bits - 1)]! += 1;
  return counts;
}

/** How many standard deviations counts are from those of equal chances. */
export function distanceFromUniform(counts: Float64Array): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const expected = total / counts.length;
  const statistic = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  return deviations(statistic, counts.length - 1);
}

/** How many standard deviations two lists of counts are from having the same chances. */
export function distanceApart(a: Float64Array, b: Float64Array): number {
  const [inA, inB] = [a, b].map((counts) => counts.reduce((sum, count) => sum + count, 0));
  let statistic = 0;
  for (let i = 0; i < a.length; i++) {
    const both = a[i]! + b[i]!;
    if (both > 0) {
      statistic += (a[i]! * Math.sqrt(inB! / inA!) - b[i]! * Math.sqrt(inA! / inB!)) ** 2 / both;
    }
  }
  return deviations(statistic, a.length - 1);
}

/** Wilson and Hilferty's cube root, which is nearly normal already for a few degrees of freedom. */
function deviations(statistic: number, degrees: number): number {
  const spread = 2 / (9 * degrees);
  return (Math.cbrt(statistic / degrees) - (1 - spread)) / Math.sqrt(spread);
}

/** Checks that counts are those of equal chances. */
export function assertUniform(counts: Float64Array, what: string): void {
  const distance = distanceFromUniform(counts);
  assert.ok(
    distance < LIMIT,
    `${what} is ${distance.toFixed(1)} deviations from uniform, expected less than ${LIMIT}`,
  );
}

/** Checks that two lists of counts tell of no difference. */
export function assertSame(a: Float64Array, b: Float64Array, what: string): void {
  const distance = distanceApart(a, b);
  assert.ok(
    distance < LIMIT,
    `${what}: ${distance.toFixed(1)} deviations apart, expected less than ${LIMIT}`,
  );
}

/** Root mean square by which cells' chances may differ from equal ones, relatively, and go unseen. */
export function unseenBias(counts: Float64Array): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return Math.sqrt(SEEN * Math.sqrt(2 * (counts.length - 1)) / total);
}
