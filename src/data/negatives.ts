/**
 * Items that stand for "not chosen": drawn from what a person has not seen in train.
 *
 * A held-out item is such an item too. Training negatives may hit it: a sampler that spared it would
 * tell the model what is held out. Only the evaluation, which ranks that item against the drawn ones,
 * leaves it out of them.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import { deriveSeed, seededRng } from "../core/random.ts";
import type { Rng } from "../core/random.ts";
import { NONE } from "./split.ts";
import type { Split } from "./split.ts";

/** As many as in the protocol "leave-one-out + 99". */
const EVALUATION_NEGATIVES = 99;

/**
 * Draws training negatives: uniform, with replacement, from the items not in `train`.
 *
 * @param train   The person's items in train, and nothing else of theirs.
 * @param options `items` in the catalogue, `count` to draw, and the generator.
 * @throws {TributaryError} `bad-data` if `train` holds every item of the catalogue.
 */
export function drawTrainingNegatives(
  train: Uint32Array,
  options: { items: number; count: number; rng: Rng },
): Uint32Array {
  const unseen = unseenItems(train, options.items);
  if (unseen.length === 0) {
    throw new TributaryError(
      "bad-data",
      `Cannot draw negatives: the person has seen all ${options.items} items, ` +
        "expected at least one unseen",
    );
  }
  return Uint32Array.from(
    { length: options.count },
    () => unseen[options.rng.below(unseen.length)] ?? 0,
  );
}

/**
 * Draws evaluation negatives: uniform, without replacement, from the items that are neither in
 * `train` nor the held-out item. If fewer than `count` are left, all of them.
 *
 * @param train   The person's items in train.
 * @param options `heldOut` item, `items` in the catalogue, `count` to draw, and the generator.
 */
export function drawEvaluationNegatives(
  train: Uint32Array,
  options: { heldOut: number; items: number; count: number; rng: Rng },
): Uint32Array {
  const pool = unseenItems(Uint32Array.of(...train, options.heldOut), options.items);
  const count = Math.min(options.count, pool.length);
  // The first steps of a Fisher–Yates shuffle.
  for (let at = 0; at < count; at++) {
    const from = at + options.rng.below(pool.length - at);
    const drawn = pool[from] ?? 0;
    pool[from] = pool[at] ?? 0;
    pool[at] = drawn;
  }
  return pool.slice(0, count);
}

function unseenItems(seen: Uint32Array, items: number): Uint32Array {
  const mark = new Uint8Array(items);
  for (const item of seen) {
    if (item >= items) {
      throw new RangeError(`Cannot draw negatives: item ${item}, expected one below ${items}`);
    }
    mark[item] = 1;
  }
  const unseen = new Uint32Array(items);
  let count = 0;
  for (let item = 0; item < items; item++) {
    if (mark[item] === 0) unseen[count++] = item;
  }
  return unseen.slice(0, count);
}

/** One person's question: where does a model rank the held-out item among the negatives? */
export interface HeldOutCase {
  /** Dense index of the person. */
  readonly person: number;
  /** The person's items in train, never recommended again. */
  readonly train: Uint32Array;
  /** The held-out item. */
  readonly test: number;
  /** Items to rank it against, without it and without `train`. */
  readonly negatives: Uint32Array;
}

/**
 * The questions of an evaluation, one for each person of whom an item is held out.
 *
 * A person's negatives depend on the seed and the person's id alone, so every model is asked the
 * same, in whatever order and on whatever device.
 *
 * @param options `seed`; `of` which held-out item (default the test's); `count` of negatives
 *   (default 99).
 */
export async function heldOutCases(
  split: Split,
  options: { seed: Uint8Array; of?: "test" | "validation"; count?: number },
): Promise<HeldOutCase[]> {
  const { seed, of = "test", count = EVALUATION_NEGATIVES } = options;
  const { people, items, histories } = split.train;
  const cases: HeldOutCase[] = [];
  for (const [person, history] of histories.entries()) {
    const test = split[of][person] ?? NONE;
    if (test === NONE) continue;
    const own = await deriveSeed(seed, "evaluation-negatives", of, people[person] ?? "");
    const negatives = drawEvaluationNegatives(history.items, {
      heldOut: test,
      items: items.length,
      count,
      rng: seededRng(own),
    });
    cases.push({ person, train: history.items, test, negatives });
  }
  return cases;
}
