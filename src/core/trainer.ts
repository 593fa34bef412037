/**
 * The function that takes part in a round: given the model, it trains on what only this device has.
 *
 * @module
 */
import type { NamedTensors } from "./tensor.ts";

/** What a strategy has a client add to every gradient of its local training. */
export interface Correction {
  /**
   * Factor μ of the pull towards the model as it was received: `μ·(w − model)` is added to each
   * local gradient; 0 for none.
   */
  readonly proximal: number;
  /** Added to each local gradient as it is, tensor by tensor; names and shapes of the model's. */
  readonly shift?: NamedTensors;
}

/** What a {@link Trainer} is told about the round. */
export interface TrainContext {
  /** Number of the round. */
  readonly round: number;
  /** 32 bytes that only this client and this round have; all randomness of the training. */
  readonly seed: Uint8Array;
  /** Aborts when the round is over or the client leaves. */
  readonly signal: AbortSignal;
  /** What the task's strategy asks of the trainer beyond new weights; nothing where left out. */
  readonly needs?: readonly TrainerDuty[];
  /** What the task's strategy has added to each local gradient, where it asks for anything. */
  readonly correction?: Correction;
}

/** New weights: the client sends their difference to the model, clipped and weighted. */
export interface WeightsContribution {
  /** Tells the forms apart; may be left out, as this one is the common one. */
  readonly kind?: "weights";
  /** Same names and shapes as the model's. */
  readonly weights: NamedTensors;
  /** How many examples were trained on; the update's weight, up to the plan's cap. */
  readonly examples: number;
  /** Local optimiser steps that were taken, 0 or more, where the task's strategy asks for them. */
  readonly steps?: number;
  /** Their learning rate, the mean over the steps where it changed; likewise. */
  readonly rate?: number;
  /** Mean loss of the model as it was received, over the local examples; likewise. */
  readonly loss?: number;
  /** Measured on the model as it was received, before this training; see the task's `metrics`. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** The sums that a model's own server step asks for, already clipped and weighted by the model. */
export interface SumsContribution {
  /** Tells the forms apart. */
  readonly kind: "sums";
  /** Same names and shapes as the strategy's sums. */
  readonly sums: NamedTensors;
  /** Measured on the model as it was received, before this training; see the task's `metrics`. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** What a client has to say in a round, before encoding. */
export type Contribution = WeightsContribution | SumsContribution;

/**
 * Name of the scalar that carries a client's weight beside its change of weights, so that the sum
 * holds `Σ w`. No parameter of a model may bear it.
 */
export const WEIGHT_TENSOR = "clients/weight";

/** What names of update tensors begin with that carry a metric. */
export const METRIC_PREFIX = "metrics/";

/**
 * Trains on the device's own examples. The model must not be changed in place.
 *
 * One that has nothing to send in a round throws a `TributaryError` of code `nothing-to-send`: the
 * region is told so and waits for it no longer.
 */
export type Trainer = (model: NamedTensors, context: TrainContext) => Promise<Contribution>;

/** What a trainer may have to do for a task's strategy beyond giving new weights. */
export type TrainerDuty =
  /** Adds the context's correction to each local gradient. */
  | "correction"
  /** Tells how many local steps it took. */
  | "steps"
  /** Tells their learning rate. */
  | "rate"
  /** Tells the received model's loss on the local examples. */
  | "loss";

/** Small private values that stay on the device from round to round, such as a user's vector. */
export interface DeviceState {
  /** The value stored under `key`, if any. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** Stores a value; durable when it resolves, where the device can. */
  set(key: string, value: Uint8Array): Promise<void>;
}
