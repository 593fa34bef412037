/**
 * The server's half of heavy hitters: which prefixes survive a round.
 *
 * @module
 */
import * as v from "valibot";
import { TributaryError } from "../core/errors.ts";
import { positive, readOptions, whole } from "../core/options.ts";
import { type NamedTensors, tensorOf, type TensorSpec, zeros } from "../core/tensor.ts";
import type { StrategyPlan, StrategyServer, SumSpec } from "./strategy.ts";

/** Options of the trie's step as they stand in a task; see the `heavy-hitters` model's. */
export interface HeavyHittersStepOptions {
  /** Tells the strategies apart. */
  readonly kind: "heavy-hitters";
  /** How many symbols there are. */
  readonly base: number;
  /** By how many symbols a round extends the prefixes. */
  readonly step: number;
  /** Fewest votes that a prefix is kept with. */
  readonly threshold: number;
}

const schema: v.GenericSchema<unknown, HeavyHittersStepOptions> = v.strictObject({
  kind: v.literal("heavy-hitters"),
  base: v.pipe(whole("base", 4097), v.minValue(2, "base must be at least 2")),
  step: whole("step", 20),
  threshold: positive("threshold"),
});

/** Name of the sum of all clients' votes. */
const VOTES = "votes";
const TENSORS = ["prefixes", "counts", "depth"] as const;

/**
 * Options of the trie's step; `base` and `step` are the model's.
 *
 * @param options `base` (default 2), `step` (default 4) and `threshold` (default 10).
 */
export function heavyHittersStep(
  options: Partial<Omit<HeavyHittersStepOptions, "kind">> = {},
): HeavyHittersStepOptions {
  return { kind: "heavy-hitters", base: 2, step: 4, threshold: 10, ...options };
}

/**
 * Extends each surviving prefix by every group of `step` symbols, and keeps those with `threshold`
 * votes, at most as many as the model has rows: a trie grown level by level, as in Zhu et al.,
 * AISTATS 2020 (arXiv 1902.08534), without that paper's sampling. Whole items are not extended; votes
 * for them count anew. Without state.
 */
export function heavyHittersFrom(value: unknown): StrategyPlan {
  const options = readOptions(schema, value, "use strategy heavy-hitters");
  return {
    options,
    contribution: "sums",
    sums: (model) => sumsOf(options, model),
    server: () => server(options),
  };
}

function sumsOf(
  { base, step }: HeavyHittersStepOptions,
  model: readonly TensorSpec[],
): readonly SumSpec[] {
  const { width } = trieOf(model);
  // 0 and 1 are on every grid, so that sums of them are exact.
  return [{ name: VOTES, shape: [width, base ** step], range: 1 }];
}

interface Kept {
  /** Its place among all candidates, which are in the order of the alphabet. */
  readonly at: number;
  readonly symbols: readonly number[];
  readonly count: number;
}

function server(options: HeavyHittersStepOptions): StrategyServer {
  const { step, threshold } = options;
  return {
    init: () => ({}),
    step({ model, state, sums }) {
      const specs = Object.entries(model).map(([name, { shape }]) => ({ name, shape }));
      const { width, symbols } = trieOf(specs);
      const depth = tensorOf(model, "depth").data[0] ?? 0;
      const kept = candidates(model, { ...options, votes: tensorOf(sums, VOTES).data, depth })
        .filter(({ count }) => count >= threshold)
        // Stable, so that of equals those that come first in the alphabet are kept.
        .sort((one, other) => other.count - one.count)
        .slice(0, width)
        .sort((one, other) => one.at - other.at);
      return {
        model: written(kept, { width, symbols, depth: Math.min(depth + step, symbols) }),
        state,
      };
    },
  };
}

/** All extensions of surviving prefixes, with their votes. */
function candidates(
  model: NamedTensors,
  { base, step, votes, depth }: HeavyHittersStepOptions & {
    readonly votes: Float32Array;
    readonly depth: number;
  },
): Kept[] {
  const { shape: [width = 0, symbols = 0], data } = tensorOf(model, "prefixes");
  const group = base ** step;
  const found: Kept[] = [];
  for (let row = 0; row < (depth === 0 ? 1 : width); row++) {
    const prefix = Array.from(data.subarray(row * symbols, row * symbols + depth));
    // A row without a prefix has −1 from its first symbol on.
    if ((prefix[0] ?? 0) < 0) continue;
    // Nothing is left to extend whole items by: the one group that they vote for is the first.
    for (let at = 0; at < (depth === symbols ? 1 : group); at++) {
      const extension = depth === symbols ? [] : digits(at, { base, step });
      const place = row * group + at;
      found.push({ at: place, symbols: [...prefix, ...extension], count: votes[place] ?? 0 });
    }
  }
  return found;
}

function digits(
  number: number,
  { base, step }: { readonly base: number; readonly step: number },
): number[] {
  return Array.from(
    { length: step },
    (_, at) => Math.floor(number / base ** (step - 1 - at)) % base,
  );
}

function written(
  kept: readonly Kept[],
  { width, symbols, depth }: {
    readonly width: number;
    readonly symbols: number;
    readonly depth: number;
  },
): NamedTensors {
  const [prefixes, counts] = [zeros([width, symbols]), zeros([width])];
  prefixes.data.fill(-1);
  kept.forEach((prefix, row) => {
    prefixes.data.set(prefix.symbols, row * symbols);
    counts.data[row] = prefix.count;
  });
  return { prefixes, counts, depth: { shape: [1], data: Float32Array.of(depth) } };
}

/** How many prefixes a model has room for, and how long they grow. */
function trieOf(
  model: readonly TensorSpec[],
): { readonly width: number; readonly symbols: number } {
  const shapes = new Map(model.map(({ name, shape }) => [name, shape]));
  const [width, symbols, ...more] = shapes.get("prefixes") ?? [];
  const fits = width !== undefined && symbols !== undefined && more.length === 0 &&
    shapes.get("counts")?.join() === `${width}` && shapes.get("depth")?.join() === "1" &&
    shapes.size === TENSORS.length;
  if (!fits) {
    const found = model.map(({ name, shape }) => `${name} [${shape}]`).join(", ") || "none";
    throw new TributaryError(
      "task-refused",
      `Cannot grow a trie in tensors ${found}: expected prefixes [width, length], counts [width] and depth [1]`,
    );
  }
  return { width, symbols };
}
