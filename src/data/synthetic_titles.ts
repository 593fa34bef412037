/**
 * Invented titles for generated items.
 *
 * @module
 */
import type { Rng } from "../core/random.ts";
import { permutation } from "./permutation.ts";

const FIRST = ("Amber Silent Crooked Distant Velvet Hollow Northern Paper Burning Frozen Second " +
  "Restless Golden Quiet Broken Scarlet Wandering Last Borrowed Hidden Electric Bitter Tender " +
  "Midnight Copper Drowned Gentle Savage Lonely Crystal Forgotten Rising Sleeping Honest Marble " +
  "Stolen Endless Winter Wild Secret").split(" ");
const SECOND = ("Harbour Orchard Lantern Glacier River Garden Clockmaker Station Mirror Summer " +
  "Voyage Cathedral Letter Island Machine Carnival Shepherd Horizon Staircase Kingdom Witness " +
  "Bridge Sparrow Empire Library Promise Detective Meadow Tide Circus Journey Fortress Waltz " +
  "Neighbour Compass Lighthouse Engine Forest Dinner Parade").split(" ");

/**
 * Different titles such as `The Amber Lighthouse`, in random order.
 *
 * After 1600 the pairs of words begin again, with a number behind: `The Amber Lighthouse 2`.
 */
export function inventTitles(count: number, rng: Rng): string[] {
  const pairs = FIRST.flatMap((first) => SECOND.map((second) => `The ${first} ${second}`));
  const order = permutation(pairs.length, rng);
  return Array.from({ length: count }, (_, index) => {
    const part = Math.floor(index / pairs.length) + 1;
    return (pairs[order[index % order.length] ?? 0] ?? "") + (part === 1 ? "" : ` ${part}`);
  });
}
