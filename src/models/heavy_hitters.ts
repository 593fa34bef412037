/**
 * Heavy hitters: which texts many clients have, found prefix by prefix.
 *
 * @module
 */
import { type Rng, seededRng } from "../core/random.ts";
import { type NamedTensors, tensorOf, type TensorSpec, zeros } from "../core/tensor.ts";
import {
  baseOf,
  groupSize,
  type HeavyHittersOptions,
  heavyHittersOptions,
  type HeavyHittersSettings,
} from "./heavy_hitters_options.ts";
import { symbolCount, symbolsOf } from "./item_symbols.ts";
import type { ItemExamples, ItemsModel } from "./model.ts";

/** Name of the tensor of surviving prefixes, a row each: symbols, and −1 where none is known yet. */
const PREFIXES = "prefixes";
/** Name of how many votes each had in the round that kept it. */
const COUNTS = "counts";
/** Name of how many symbols of each are known. */
const DEPTH = "depth";
/** Name of the one sum that clients send. */
const VOTES = "votes";

/** A `heavy-hitters` model, with its settings. */
export interface HeavyHittersModel extends ItemsModel {
  /** Complete settings. */
  readonly options: HeavyHittersOptions;
  /** Rounds until all of the items' symbols are known. */
  readonly rounds: number;
}

/**
 * The texts that many clients have: `heavyHittersOf` (`./analytics`) reads them out of the published
 * tensors.
 *
 * What is published are prefixes. In each round a client votes, with 1, for the extension of a prefix
 * that its item begins with; those with `threshold` votes are published next, at most `width` of
 * them. After `rounds` rounds they are whole items; each further one counts these again.
 *
 * A client with several items draws `votes` of them, anew in each round, and adds at most 1 to any
 * count: what it sends has an L1 norm of `votes` and an L2 norm of `√votes` at most. Items that the
 * alphabet or the length has no room for are left out. One without a vote sends zeros.
 *
 * @throws {TributaryError} `task-refused` if a setting does not fit.
 *
 * @example Words of up to eight letters that ten people share, found in eight rounds
 * ```ts
 * import { heavyHitters } from "./heavy_hitters.ts";
 *
 * const alphabet = "abcdefghijklmnopqrstuvwxyz";
 * const model = heavyHitters({ alphabet, length: 8, threshold: 10 });
 * if (model.rounds !== 8) throw new Error("a letter a round");
 * ```
 */
export function heavyHitters(settings: HeavyHittersSettings): HeavyHittersModel {
  const options = heavyHittersOptions(settings);
  const { alphabet, step, width, threshold } = options;
  const symbols = symbolCount(options);
  const tensors: readonly TensorSpec[] = [
    { name: PREFIXES, shape: [width, symbols] },
    { name: COUNTS, shape: [width] },
    { name: DEPTH, shape: [1] },
  ];
  return {
    options,
    rounds: symbols / step,
    takes: "items",
    tensors,
    strategy: { kind: "heavy-hitters", base: baseOf(alphabet), step, threshold },
    metrics: [],
    norm: Math.sqrt(options.votes),
    initial() {
      const prefixes = zeros([width, symbols]);
      prefixes.data.fill(-1);
      return { [PREFIXES]: prefixes, [COUNTS]: zeros([width]), [DEPTH]: zeros([1]) };
    },
    trainer({ examples }) {
      const items = spelled(examples, options);
      return (model, { seed, signal }) => {
        signal.throwIfAborted();
        const drawn = draw(items, { count: options.votes, rng: seededRng(seed) });
        return Promise.resolve({ kind: "sums", sums: votesOf(model, { items: drawn, options }) });
      };
    },
  };
}

/** A client's items, those that can be spelled and each once. */
function spelled({ items }: ItemExamples, options: HeavyHittersOptions): number[][] {
  return [...new Set(items)].flatMap((item) => {
    const symbols = symbolsOf(item, options);
    return symbols === undefined ? [] : [symbols];
  });
}

/** `count` of some items, or all if there are no more; every such set as likely as any other. */
function draw<T>(
  items: readonly T[],
  { count, rng }: { readonly count: number; readonly rng: Rng },
): readonly T[] {
  if (items.length <= count) return items;
  const left = [...items];
  return Array.from({ length: count }, () => left.splice(rng.below(left.length), 1)).flat();
}

/** One vote for each extension of a prefix that one of the items begins with. */
function votesOf(
  model: NamedTensors,
  { items, options }: {
    readonly items: readonly (readonly number[])[];
    readonly options: HeavyHittersOptions;
  },
): NamedTensors {
  const { alphabet, step, width } = options;
  const [base, group] = [baseOf(alphabet), groupSize(options)];
  const depth = tensorOf(model, DEPTH).data[0] ?? 0;
  const rows = rowsOf(model, options);
  const votes = zeros([width, group]);
  for (const item of items) {
    const row = rows.get(item.slice(0, depth).join());
    if (row === undefined) continue;
    const extension = item.slice(depth, depth + step)
      .reduce((number, symbol) => base * number + symbol, 0);
    votes.data[row * group + extension] = 1;
  }
  return { [VOTES]: votes };
}

/** Where each surviving prefix stands. */
function rowsOf(model: NamedTensors, options: HeavyHittersOptions): Map<string, number> {
  const rows = survivors(model, options).map(({ row, symbols }) => [symbols.join(), row] as const);
  return new Map(rows);
}

/** A surviving prefix. */
export interface Survivor {
  /** Its row of the model's tensors. */
  readonly row: number;
  /** What is known of it. */
  readonly symbols: readonly number[];
  /** Its votes in the round that kept it. */
  readonly count: number;
}

/** The prefixes that a model publishes: before the first round one, which all items begin with. */
export function survivors(
  model: NamedTensors,
  options: HeavyHittersOptions,
): readonly Survivor[] {
  const symbols = symbolCount(options);
  const { data } = tensorOf(model, PREFIXES);
  const depth = tensorOf(model, DEPTH).data[0] ?? 0;
  if (depth === 0) return [{ row: 0, symbols: [], count: 0 }];
  return Array.from(tensorOf(model, COUNTS).data).flatMap((count, row) => {
    const at = row * symbols;
    // A row without a prefix has −1 from its first symbol on.
    return (data[at] ?? -1) < 0
      ? []
      : [{ row, symbols: Array.from(data.subarray(at, at + depth)), count }];
  });
}
