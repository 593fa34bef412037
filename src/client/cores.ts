/**
 * The two wasm cores that a device works with.
 *
 * @module
 */
import { type AggregateCore, createAggregateCore } from "../wasm/aggregate.ts";
import { inlineModule } from "../wasm/inline.ts";
import { createTrainCore, type TrainCore } from "../wasm/train.ts";

/** Kernels and their memory. Devices in one process may share them: no call holds them across an await. */
export interface ClientCores {
  /** Clips and quantises. */
  readonly aggregate: AggregateCore;
  /** Trains and scores. */
  readonly train: TrainCore;
}

/** Fresh cores from the copies inside the package. */
export async function inlineCores(): Promise<ClientCores> {
  const [aggregate, train] = await Promise.all([inlineModule("aggregate"), inlineModule("train")]);
  return { aggregate: createAggregateCore(aggregate), train: createTrainCore(train) };
}
