/**
 * What a simulation leaves so that another start goes on from it: the extension point, and its data.
 *
 * @module
 */
import type { KeptValue } from "./device_states.ts";
import type { SimulatedRound } from "./result.ts";

/** How far a simulation is, after a round. */
export interface SimulationState {
  /** Digest, hex, of the task, the clients' names, and all options that decide over the result. */
  readonly key: string;
  /** Where everyone's round stands, and the time: plain JSON, of a form that is nobody else's. */
  readonly tree: unknown;
  /** The model's safetensors file. */
  readonly model: Uint8Array<ArrayBuffer>;
  /** What the strategy remembers, as a safetensors file. */
  readonly strategy: Uint8Array;
}

/** What is saved after each round. */
export interface SimulationChange extends SimulationState {
  /** The round: plain JSON. */
  readonly round: SimulatedRound;
  /** What devices keep since this round, in place of what they kept under the same key. */
  readonly kept: readonly KeptValue[];
}

/** All that was saved. */
export interface SavedSimulation extends SimulationState {
  /** In order. */
  readonly rounds: readonly SimulatedRound[];
  /** What each device keeps, each key once. */
  readonly kept: readonly KeptValue[];
}

/** Keeps a simulation's progress. */
export interface Checkpoint {
  /** What the last {@link Checkpoint.save} that resolved left; undefined before the first. */
  load(): Promise<SavedSimulation | undefined>;
  /** Saves a round whole or, where it cannot, not at all. */
  save(change: SimulationChange): Promise<void>;
}
