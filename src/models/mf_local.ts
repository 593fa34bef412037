/**
 * What a person gets from matrix factorisation without anybody else: the baseline that federated
 * learning has to beat.
 *
 * @module
 */
import { deriveSeed } from "../core/random.ts";
import type { NamedTensors } from "../core/tensor.ts";
import type { TrainCore } from "../wasm/train.ts";
import { drawFeedback, itemTable } from "./mf.ts";
import type { MfModel } from "./mf.ts";
import { applyPass, makePass, scoreItems } from "./mf_pass.ts";
import { newPerson } from "./mf_person.ts";

/** How {@link localMf} trains. */
export interface LocalMfOptions {
  /** Kernels and their memory. */
  readonly core: TrainCore;
  /** The person's items in train. */
  readonly items: Uint32Array;
  /** The model before any training; left as it is. */
  readonly initial: NamedTensors;
  /** 32 bytes that decide the sampled items. */
  readonly seed: Uint8Array;
  /** Passes over the items; default 20. */
  readonly epochs?: number;
}

/**
 * Trains a whole model on one person's items alone.
 *
 * An item that the person never took moves only when it is sampled as one of those not taken, the
 * held-out item as likely as any: its rank is that of a die.
 *
 * @returns The person's score of every item; those of train get `-Infinity`.
 */
export async function localMf(model: MfModel, options: LocalMfOptions): Promise<Float32Array> {
  const { core, seed, epochs = 20 } = options;
  const { item, bias } = itemTable(options.initial);
  const table = { item: item.slice(), bias: bias.slice() };
  const person = newPerson(model.options.dim);
  for (let epoch = 0; epoch < epochs; epoch++) {
    const own = await deriveSeed(seed, "mf/local", epoch);
    const feedback = await drawFeedback(model.options, options.items, own);
    applyPass(table, makePass(core, model.options, { table, person, ...feedback }));
  }
  return scoreItems(table, person, { except: options.items });
}
