/**
 * Random orders.
 *
 * @module
 */
import type { Rng } from "../core/random.ts";

/** The numbers from 0 to `count` − 1 in random order, each order equally likely (Fisher–Yates). */
export function permutation(count: number, rng: Rng): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  for (let at = count - 1; at > 0; at--) {
    const from = rng.below(at + 1);
    const value = order[at] ?? 0;
    order[at] = order[from] ?? 0;
    order[from] = value;
  }
  return order;
}
