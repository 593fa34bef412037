/**
 * Ways to deal rows out to clients. Each gives lists of row numbers; every row is in exactly one.
 *
 * @module
 */
import type { Rng } from "../core/random.ts";
import { permutation } from "./permutation.ts";

/**
 * One part a person: the rows of person 0, of person 1, and so on, each in ascending order.
 *
 * @param people Dense index of the person of each row.
 */
export function partitionByPerson(people: Uint32Array): Uint32Array[] {
  const parts: number[][] = [];
  people.forEach((person, row) => {
    while (parts.length <= person) parts.push([]);
    parts[person]?.push(row);
  });
  return parts.map((part) => Uint32Array.from(part));
}

/**
 * Random parts of given relative sizes. Sizes are rounded by largest remainder, so that they add up.
 *
 * @param rows    Number of rows.
 * @param options `ratios`, one a part, not negative and not all zero; and the generator.
 * @throws {RangeError} If a ratio is negative or not finite, or none is above zero.
 */
export function partitionByRatio(
  rows: number,
  options: { ratios: readonly number[]; rng: Rng },
): Uint32Array[] {
  const { ratios, rng } = options;
  const total = ratios.reduce((sum, ratio) => sum + ratio, 0);
  if (!ratios.every((ratio) => ratio >= 0) || !(total > 0) || !Number.isFinite(total)) {
    throw new RangeError(
      `Cannot partition by the ratios ${
        ratios.join(", ")
      }: expected finite ones, none below 0, one above`,
    );
  }
  return cut(permutation(rows, rng), ratios.map((ratio) => ratio / total));
}

/**
 * Parts whose mix of labels is skewed: the rows of each label are dealt in proportions drawn from a
 * symmetric Dirichlet distribution (Hsu, Qi and Brown 2019, arXiv 1909.06335). A small `alpha` gives
 * each part few labels, a large one the same mix to all. Parts may be empty.
 *
 * @param labels  Label of each row.
 * @param options Number of `parts`, concentration `alpha` above 0, and the generator.
 * @throws {RangeError} If `alpha` is not above 0, or `parts` is not a whole number above 0.
 */
export function partitionDirichlet(
  labels: ArrayLike<number>,
  options: { parts: number; alpha: number; rng: Rng },
): Uint32Array[] {
  const { parts, alpha, rng } = options;
  if (!(alpha > 0) || !Number.isFinite(alpha) || !Number.isInteger(parts) || parts < 1) {
    throw new RangeError(
      `Cannot partition into ${parts} parts with alpha ${alpha}: expected both above 0, parts whole`,
    );
  }
  const byLabel = new Map<number, number[]>();
  Array.from(labels).forEach((label, row) => {
    const rows = byLabel.get(label);
    if (rows === undefined) byLabel.set(label, [row]);
    else rows.push(row);
  });
  const dealt: number[][] = Array.from({ length: parts }, () => []);
  // By label, not by first appearance, so that the order of rows does not steer the generator.
  for (const [, rows] of [...byLabel].sort(([a], [b]) => a - b)) {
    const proportions = drawDirichlet(parts, { alpha, rng });
    const order = permutation(rows.length, rng).map((index) => rows[index] ?? 0);
    cut(order, proportions).forEach((share, part) => {
      for (const row of share) dealt[part]?.push(row);
    });
  }
  return dealt.map((part) => Uint32Array.from(part).sort());
}

/** Consecutive pieces of `rows`, sized by `shares` (which add up to 1), each in ascending order. */
function cut(rows: Uint32Array, shares: readonly number[]): Uint32Array[] {
  const exact = shares.map((share) => share * rows.length);
  const sizes = exact.map(Math.floor);
  const missing = rows.length - sizes.reduce((sum, size) => sum + size, 0);
  exact.map((value, part) => ({ part, remainder: value - Math.floor(value) }))
    .filter(({ part }) => (shares[part] ?? 0) > 0)
    .sort((a, b) => b.remainder - a.remainder || a.part - b.part)
    .slice(0, missing)
    .forEach(({ part }) => sizes[part] = (sizes[part] ?? 0) + 1);
  let from = 0;
  return sizes.map((size) => rows.slice(from, from += size).sort());
}

function drawDirichlet(parts: number, options: { alpha: number; rng: Rng }): number[] {
  const logs = Array.from({ length: parts }, () => logGamma(options));
  const highest = logs.reduce((most, log) => Math.max(most, log), -Infinity);
  const weights = logs.map((log) => Math.exp(log - highest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/**
 * Logarithm of a draw from Gamma(alpha, 1) (Marsaglia and Tsang 2000), since the draw itself
 * underflows for a small alpha. Below 1 it is the draw for alpha + 1 times u^(1/alpha).
 */
function logGamma({ alpha, rng }: { alpha: number; rng: Rng }): number {
  if (alpha < 1) {
    return logGamma({ alpha: alpha + 1, rng }) + Math.log(1 - rng.uniform()) / alpha;
  }
  const d = alpha - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  while (true) {
    const x = rng.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - rng.uniform()) < x * x / 2 + d - d * v + d * Math.log(v)) {
      return Math.log(d) + Math.log(v);
    }
  }
}
