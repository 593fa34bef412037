/**
 * What a federated model is: its tensors, how one person trains it, and which server step it needs.
 *
 * @module
 */
import type { NamedTensors, TensorSpec } from "../core/tensor.ts";
import type { DeviceState, Trainer } from "../core/trainer.ts";
import type { TrainCore } from "../wasm/train.ts";

/** One part of a task document: plain JSON with a `kind`. */
export interface KindOptions {
  /** Which member of its closed union this is. */
  readonly kind: string;
}

/** What a person's device brings to training and to recommending. */
export interface Device<Examples> {
  /** Kernels and their memory. */
  readonly core: TrainCore;
  /** What only this device has. */
  readonly examples: Examples;
  /** What it keeps from round to round. */
  readonly state: DeviceState;
}

/** Scores every item for one person under a model; higher is better. */
export type Scorer = (model: NamedTensors) => Promise<Float32Array>;

/** A model that clients train together: the extension point beside {@link Trainer}. */
export interface Model<Examples> {
  /** Complete options, as they stand in a task document. */
  readonly options: KindOptions;
  /** What is learned together, and travels. */
  readonly tensors: readonly TensorSpec[];
  /** The server step it is made for, with its settings; see `src/strategy`. */
  readonly strategy: KindOptions & Readonly<Record<string, unknown>>;
  /** Names of what its trainer measures, each within `[0, 1]`. */
  readonly metrics: readonly string[];
  /**
   * The model before the first round.
   *
   * @param seed 32 bytes; the same seed gives the same bits.
   */
  initial(seed: Uint8Array): NamedTensors;
  /** One person's training. */
  trainer(device: Device<Examples>): Trainer;
  /** One person's scores; items of their own training get `-Infinity`. */
  scorer(device: Device<Examples>): Scorer;
}

/** One person's interactions, as the recommenders take them. */
export interface PersonExamples {
  /** Items of the training part: row numbers, each at most once. */
  readonly items: Uint32Array;
  /** A rating for each of `items`; the implicit models do not read it. */
  readonly ratings?: Float32Array;
  /** The held-out item and sampled ones to rank it against. Training never reads it. */
  readonly evaluation?: {
    /** Row number of the item that the person took last. */
    readonly target: number;
    /** Row numbers of items that the person has not taken in training. */
    readonly negatives: Uint32Array;
  };
}
