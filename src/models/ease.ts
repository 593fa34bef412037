/**
 * EASE: which items go with which, learned in one round.
 *
 * @module
 */
import { type NamedTensors, tensorOf, zeros } from "../core/tensor.ts";
import { discount, rankOfTarget } from "../metrics/mod.ts";
import { triangleLength } from "../wasm/train_linear.ts";
import { type EaseOptions, easeOptions, type EaseSettings } from "./ease_options.ts";
import type { PersonExamples, RecommenderModel } from "./model.ts";

/** Name of the one tensor that is learned together. */
const INVERSE = "inverse";
/** Name of the one sum that clients send. */
const PAIRS = "pairs";
/** Ranks that count in the metrics. */
const K = 10;

/** What an `ease` task learns, and how. */
export interface EaseModel extends RecommenderModel {
  /** Complete settings. */
  readonly options: EaseOptions;
}

/**
 * Embarrassingly shallow autoencoder (Steck, WWW 2019, arXiv 1905.03375): the item-item weights `B`
 * of zero diagonal that minimise `|X − X·B|² + reg·|B|²` over what people took, in closed form.
 *
 * A client sends once which pairs of items it has, itself among them, as 0 and 1, which the sum of
 * all holds exactly: `G = XᵀX`. The server publishes `P = (G + reg·I)⁻¹`, from which each device
 * takes `B_ij = −P_ij / P_jj` for the items `i` that its person has. Both are the lower triangle of a
 * symmetric matrix, packed by rows, so that a catalogue has at most 5792 items, of which an update
 * takes 64 MiB; 2000 items take 8 MB, and the server about `items³ / 5·10⁹` seconds.
 *
 * One round is all it needs: more give the same model again for the same clients, and measure it;
 * in the first one there is nothing to measure.
 * What the server sees of a person is the sum alone, how many people have two items both; where only
 * few take part, or an item is rare, that tells of them.
 *
 * @throws {TributaryError} `task-refused` if a setting does not fit.
 *
 * @example A packed triangle is learned together
 * ```ts
 * import { ease } from "./ease.ts";
 *
 * const { tensors } = ease({ items: 2000, reg: 200 });
 * if (tensors[0]?.shape.join() !== "2001000") throw new Error("unexpected");
 * ```
 */
export function ease(settings: EaseSettings): EaseModel {
  const options = easeOptions(settings);
  return {
    options,
    takes: "interactions",
    tensors: [{ name: INVERSE, shape: [triangleLength(options.items)] }],
    strategy: { kind: "ease", reg: options.reg },
    metrics: ["hr@10", "ndcg@10"],
    ...(options.cap === null ? {} : { norm: options.cap }),
    initial() {
      const inverse = zeros([triangleLength(options.items)]);
      for (let item = 0; item < options.items; item++) inverse.data[place(item, item)] = 1;
      return { [INVERSE]: inverse };
    },
    trainer: ({ examples }) => (model, { round, signal }) => {
      signal.throwIfAborted();
      // Nothing is learned before the first round, so that there is nothing to measure in it.
      const metrics = round === 1 ? undefined : evaluate(model, { options, examples });
      const sums = { [PAIRS]: pairsOf(examples.items, options) };
      return Promise.resolve({ kind: "sums", sums, ...(metrics && { metrics }) });
    },
    scorer: ({ examples: { items } }) => (model) => {
      const scores = scoresOf(model, { options, items });
      for (const item of items) scores[item] = -Infinity;
      return Promise.resolve(scores);
    },
  };
}

/** Where entry `(i, j)` of a symmetric matrix stands in its packed lower triangle. */
function place(i: number, j: number): number {
  return j <= i ? triangleLength(i) + j : triangleLength(j) + i;
}

/** A person's part of `XᵀX`. */
function pairsOf(items: Uint32Array, options: EaseOptions): NamedTensors[string] {
  const stranger = items.find((item) => item >= options.items);
  if (stranger !== undefined) {
    throw new RangeError(`Cannot train on item ${stranger}: expected one below ${options.items}`);
  }
  const pairs = zeros([triangleLength(options.items)]);
  const weight = options.cap === null ? 1 : Math.min(1, options.cap / items.length);
  for (const i of items) {
    for (const j of items) pairs.data[place(i, j)] = weight;
  }
  return pairs;
}

/** `x·B` for the person who has `items`, of whose own scores nothing is to be made. */
function scoresOf(
  model: NamedTensors,
  { options, items }: { readonly options: EaseOptions; readonly items: Uint32Array },
): Float32Array {
  const { data } = tensorOf(model, INVERSE);
  const scores = new Float32Array(options.items);
  for (let j = 0; j < options.items; j++) {
    let sum = 0;
    for (const i of items) sum += data[place(i, j)] ?? 0;
    scores[j] = -sum / (data[place(j, j)] ?? 1);
  }
  return scores;
}

/** How high the person's held-out item ranks; nothing where none is held out. */
function evaluate(
  model: NamedTensors,
  { options, examples }: { readonly options: EaseOptions; readonly examples: PersonExamples },
): Record<string, number> | undefined {
  const { items, evaluation } = examples;
  if (evaluation === undefined) return undefined;
  const scores = scoresOf(model, { options, items });
  const rank = rankOfTarget(scores, evaluation.target, { among: evaluation.negatives });
  const hit = rank <= K;
  return { "hr@10": hit ? 1 : 0, "ndcg@10": hit ? discount(rank) : 0 };
}
