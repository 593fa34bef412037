/**
 * Training without a federation: where one party holds all rows, the baseline that federated
 * learning has to match; and where each client has its own alone, the one that it has to beat.
 *
 * @module
 */
import { deriveSeed } from "../core/random.ts";
import type { NamedTensors } from "../core/tensor.ts";
import type { TrainCore } from "../wasm/train.ts";
import type { TableExamples, TableModel } from "./model.ts";

/** How {@link trainAlone} trains. */
export interface TrainAloneOptions {
  /** Kernels and their memory. */
  readonly core: TrainCore;
  /** All that there is to learn from. */
  readonly examples: TableExamples;
  /** 32 bytes: of the first model and the order of the rows. */
  readonly seed: Uint8Array;
  /** How often to train as a client does in a round; default 20. */
  readonly rounds?: number;
  /** Ends the training. */
  readonly signal?: AbortSignal;
}

/**
 * Trains a model as a client would that was the only one: the settings are the model's own, and the
 * optimiser starts anew in each round.
 *
 * @returns The model, for its `predictor`.
 */
export async function trainAlone(
  model: TableModel,
  options: TrainAloneOptions,
): Promise<NamedTensors> {
  const { core, examples, seed, rounds = 20, signal = new AbortController().signal } = options;
  const trainer = model.trainer({ core, examples });
  let tensors = model.initial(seed);
  for (let round = 1; round <= rounds; round++) {
    const own = await deriveSeed(seed, "table/alone", round);
    const trained = await trainer(tensors, { round, seed: own, signal });
    if (trained.kind !== "sums") tensors = trained.weights;
  }
  return tensors;
}
