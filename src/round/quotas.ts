/**
 * How a number of clients is divided over groups of them.
 *
 * @module
 */
import type { Rng } from "../core/random.ts";

/**
 * How many of `count` clients fall to each group when all sets of `count` clients are as likely: a
 * draw from the multivariate hypergeometric distribution. A group that then picks so many of its own,
 * each set as likely again, makes the whole a uniform sample without replacement.
 *
 * Exact, as it draws client by client; `min(count, all − count) · log2(groups)` steps.
 *
 * @param count Clients to draw, at most the sum of the sizes.
 * @param sizes Clients in each group; their sum is at most 2^32.
 * @returns One number a group, whose sum is `count`.
 * @throws {RangeError} If there are fewer clients than `count`.
 */
export function drawQuotas(count: number, sizes: readonly number[], rng: Rng): number[] {
  const all = sizes.reduce((sum, size) => sum + size, 0);
  if (!(count >= 0 && count <= all)) {
    throw new RangeError(`Cannot draw ${count} of ${all} clients: expected at most all of them`);
  }
  // Those left out of a sample are a sample too, and may be fewer.
  if (count > all / 2) {
    const out = drawQuotas(all - count, sizes, rng);
    return sizes.map((size, group) => size - (out[group] ?? 0));
  }
  const left = createTree(sizes);
  const quotas = sizes.map(() => 0);
  for (let drawn = 0; drawn < count; drawn++) {
    const group = left.take(rng.below(all - drawn));
    quotas[group] = (quotas[group] ?? 0) + 1;
  }
  return quotas;
}

/** Sizes in a Fenwick tree: finds a client's group, and takes it out, in logarithmic time. */
function createTree(sizes: readonly number[]): { take(client: number): number } {
  const tree = new Float64Array(sizes.length + 1);
  for (const [group, size] of sizes.entries()) add(group + 1, size);

  function add(from: number, size: number): void {
    for (let node = from; node < tree.length; node += node & -node) {
      tree[node] = (tree[node] ?? 0) + size;
    }
  }

  return {
    take(client) {
      let group = 0;
      for (let step = 1 << 31 - Math.clz32(sizes.length); step > 0; step >>= 1) {
        const size = tree[group + step] ?? Infinity;
        if (size > client) continue;
        client -= size;
        group += step;
      }
      add(group + 1, -1);
      return group;
    },
  };
}
