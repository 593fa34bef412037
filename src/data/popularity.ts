/**
 * The baseline that knows nobody: what most people chose.
 *
 * @module
 */
import type { Interactions } from "./interactions.ts";

/**
 * Score of each item for everybody: how many people rated it.
 *
 * @param train Ratings to count; what is held out must not be among them.
 * @returns One count an item, by dense index.
 */
export function popularityScores(train: Interactions): Float32Array {
  const counts = new Float32Array(train.items.length);
  for (const history of train.histories) {
    for (const item of history.items) counts[item] = (counts[item] ?? 0) + 1;
  }
  return counts;
}
