/**
 * What a simulation is about: data dealt out over clients, the task, and what the result is compared
 * to.
 *
 * @module
 */
import type { NamedTensors } from "../../core/tensor.ts";
import type { DeviceState } from "../../core/trainer.ts";
import type { SimulatedClient } from "../../sim/mod.ts";
import type { TrainCore } from "../../wasm/train.ts";
import type { PrivacyOptions } from "../../task/mod.ts";
import type { Task } from "../../wire/task.ts";
import type { Reading } from "../reading.ts";

/** What was learned from, as `run.json` names it. */
export interface SceneData {
  /** What people call it. */
  readonly name: string;
  /** File or folder as it was given; null for invented ratings, which the seed gives again. */
  readonly path: string | null;
  /** How ratings were read. */
  readonly reading: Reading;
  /** Digest of the data, and of a table's schema and how its rows are dealt out, hex. */
  readonly digest: string;
  /** How much there is of what, such as people, items and ratings. */
  readonly counts: Readonly<Record<string, number>>;
}

/** How good a method is. */
export interface MethodFigures {
  /** `federated`, or what it is compared to. */
  readonly method: string;
  /** In the order of {@link Scene.figures}, each in `[0, 1]`; NaN where it is not known. */
  readonly figures: readonly number[];
}

/** What came of the simulation, to be compared. */
export interface Learned {
  /** The last model. */
  readonly model: NamedTensors;
  /** What a client's device keeps. */
  stateOf(client: number): DeviceState;
  /** Kernels and their memory. */
  readonly core: TrainCore;
  /** Hears which method is at work. */
  readonly announce: (method: string) => void;
  /** Ends the comparison. */
  readonly signal: AbortSignal;
}

/** A task, its clients, and a comparison. */
export interface Scene {
  /** What is learned from. */
  readonly data: SceneData;
  /** What is learned, and how. */
  readonly task: Task;
  /** Everybody, with what they have. */
  readonly clients: readonly SimulatedClient[];
  /** Names of the figures by which methods are compared. */
  readonly figures: readonly string[];
  /** What the figures are of, in a sentence. */
  readonly about: string;
  /** Files beside the model that later commands need, by name. */
  readonly files: Readonly<Record<string, string>>;
  /** Trains what there is to compare with, and measures all methods. */
  compare(learned: Learned): Promise<readonly MethodFigures[]>;
}

/** What a user chooses of any scene. */
export interface SceneOptions {
  /** The task as a file; in its absence one is made for `model`. */
  readonly task?: string;
  /** Rounds to train. */
  readonly rounds: number;
  /** Seed of everything that is drawn. */
  readonly seed: number;
  /** Fewest clients of a round; all of them if absent. */
  readonly fewest?: (clients: number) => number;
  /** Milliseconds that a round lasts at most. */
  readonly roundMs?: number;
  /** What the task that is made promises to each client; nothing if absent. */
  readonly privacy?: PrivacyOptions & { readonly clip: number };
}
