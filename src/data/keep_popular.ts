/**
 * A catalogue small enough for a model that is bound by it.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import { pickRatings } from "./interactions.ts";
import type { Interactions } from "./interactions.ts";
import { popularityScores } from "./popularity.ts";

/**
 * The ratings of the `items` that most people rated; of equally many, those that come first. Items
 * keep their order. Who has no such rating is left out.
 *
 * @param options `items` of the new catalogue; at least those there are, and nothing changes.
 * @throws {RangeError} If `items` is not a whole number above 0.
 * @throws {TributaryError} `bad-data` if there are no ratings.
 *
 * @example The item that both have
 * ```ts
 * import { keepPopular } from "./keep_popular.ts";
 * import { readBaskets } from "./read_baskets.ts";
 *
 * const bytes = new TextEncoder().encode("ann tea milk\nbob milk\ncid tea2\n");
 * const data = keepPopular(readBaskets({ name: "shop.txt", bytes }), { items: 1 });
 * if (data.items.join() !== "milk" || data.people.join() !== "ann,bob") throw new Error();
 * ```
 */
export function keepPopular(data: Interactions, options: { items: number }): Interactions {
  const { items: count } = options;
  if (!Number.isInteger(count) || count < 1) {
    throw new RangeError(`Cannot keep ${count} items: expected a whole number above 0`);
  }
  if (count >= data.items.length) return data;
  const counts = popularityScores(data);
  const kept = [...counts.keys()]
    .sort((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0) || a - b)
    .slice(0, count)
    .sort((a, b) => a - b);
  const place = new Map(kept.map((item, index) => [item, index]));
  const people: string[] = [];
  const histories = data.histories.flatMap((history, person) => {
    const positions = [...history.items.keys()].filter((at) => place.has(history.items[at] ?? 0));
    if (positions.length === 0) return [];
    people.push(data.people[person] ?? "");
    const picked = pickRatings(history, Uint32Array.from(positions));
    return [{ ...picked, items: picked.items.map((item) => place.get(item) ?? 0) }];
  });
  if (people.length === 0) {
    throw new TributaryError("bad-data", "Cannot keep popular items: there are no ratings");
  }
  const named = (names: readonly string[]): string[] => kept.map((item) => names[item] ?? "");
  return { people, items: named(data.items), titles: named(data.titles), histories };
}
