/**
 * What a person gets from neural collaborative filtering without anybody else: the baseline that
 * federated learning has to beat.
 *
 * @module
 */
import { deriveSeed } from "../core/random.ts";
import type { DeviceState } from "../core/trainer.ts";
import type { TrainCore } from "../wasm/train.ts";
import { ncf } from "./ncf.ts";
import type { NcfModel } from "./ncf.ts";

/** How {@link localNcf} trains. */
export interface LocalNcfOptions {
  /** Kernels and their memory. */
  readonly core: TrainCore;
  /** The person's items in train. */
  readonly items: Uint32Array;
  /** 32 bytes: of the first values and the sampled items. */
  readonly seed: Uint8Array;
  /** How often to train as a client does in a round; default 20. */
  readonly rounds?: number;
}

/**
 * Trains a whole model on one person's items alone.
 *
 * An item that the person never took moves only when it is sampled as one of those not taken, the
 * held-out item as likely as any: its rank is that of a die.
 *
 * @returns The person's score of every item; those of train get `-Infinity`.
 */
export async function localNcf(model: NcfModel, options: LocalNcfOptions): Promise<Float32Array> {
  const { core, items, seed, rounds = 20 } = options;
  const alone = ncf({ ...model.options, sends: "weights" });
  const kept = new Map<string, Uint8Array>();
  const state: DeviceState = {
    get: (key) => Promise.resolve(kept.get(key)),
    set: (key, value) => Promise.resolve(void kept.set(key, value)),
  };
  const device = { core, state, examples: { items } };
  const trainer = alone.trainer(device);
  const { signal } = new AbortController();
  let tensors = alone.initial(seed);
  for (let round = 1; round <= rounds; round++) {
    const own = await deriveSeed(seed, "ncf/local", round);
    const trained = await trainer(tensors, { round, seed: own, signal });
    if (trained.kind !== "sums") tensors = trained.weights;
  }
  return await alone.scorer(device)(tensors);
}
