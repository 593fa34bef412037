/**
 * From a model to the parcel that travels: what a client does in a round, without its region. Live
 * clients and simulated ones share it.
 *
 * @module
 */
import type { NamedTensors } from "../core/tensor.ts";
import type { Contribution, Trainer } from "../core/trainer.ts";
import type { UpdateChain } from "../update/chain.ts";

/** All that is random in a round. */
export interface RoundSeeds {
  /** Decides the training. */
  readonly train: Uint8Array;
  /** Decides the rounding. */
  readonly encode: Uint8Array;
}

/** What a client trains from. */
export interface ReceivedModel {
  /** How many steps it has seen. */
  readonly version: number;
  /** All tensors that were published. */
  readonly tensors: NamedTensors;
}

/** What an update is made with. */
export interface MakeUpdateOptions {
  /** Number of the round. */
  readonly round: number;
  /** Trains on the device's examples. */
  readonly trainer: Trainer;
  /** Turns a contribution into a parcel. */
  readonly chain: UpdateChain;
  /** Seeds that only this client and this round have, 32 bytes each. */
  readonly seeds: RoundSeeds;
  /** Ends the training. */
  readonly signal: AbortSignal;
}

/** An update, ready to be sent. */
export interface MadeUpdate {
  /** What the trainer gave. */
  readonly contribution: Contribution;
  /** The encoded update. */
  readonly parcel: Uint8Array<ArrayBuffer>;
  /** To be called once the region's receipt is there, and never for an update that went missing. */
  accepted(): Promise<void>;
}

/**
 * Trains, and encodes what came of it.
 *
 * @throws {TributaryError} `update-misshapen` for an update that is not of the plan's shape,
 * `update-not-finite` for one with a NaN or an infinity.
 * @throws What the trainer throws, or the signal's reason.
 */
export async function makeUpdate(
  { tensors: model }: ReceivedModel,
  options: MakeUpdateOptions,
): Promise<MadeUpdate> {
  const { round, trainer, chain, seeds, signal } = options;
  const contribution = await trainer(model, { round, seed: seeds.train, signal });
  signal.throwIfAborted();
  const parcel = chain.encode(contribution, { model, key: seeds.encode });
  return { contribution, parcel, accepted: () => Promise.resolve() };
}
