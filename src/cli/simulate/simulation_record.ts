/**
 * What a simulation leaves behind: the content of `run.json`, and all that its report draws.
 *
 * @module
 */
import type { Faults, SimulatedRound, Simulation } from "../../sim/mod.ts";
import type { ModelInfo } from "../../wire/round_info.ts";
import type { Task } from "../../wire/task.ts";
import type { MethodFigures, SceneData } from "./scene.ts";

/** A simulation from start to end. */
export interface SimulationRecord {
  /** Tells it from the record of a live run. */
  readonly kind: "simulation";
  /** Version of the library. */
  readonly tributary: string;
  /** When it started, ISO 8601. */
  readonly started: string;
  /** Wall time from start to the last figure, starts that were resumed not counted. */
  readonly seconds: number;
  /** Seed of everything that is drawn. */
  readonly seed: number;
  /** Digest of the task, its name. */
  readonly taskId: string;
  /** The task document. */
  readonly task: Task;
  /** What was learned from. */
  readonly data: SceneData;
  /** Number of clients. */
  readonly clients: number;
  /** How many children aggregators have, level by level. */
  readonly tree: readonly number[];
  /** What was to go wrong. */
  readonly faults: Faults;
  /** Why it ended. */
  readonly reason: Simulation["reason"];
  /** Virtual milliseconds in all. */
  readonly virtualMs: number;
  /** In order. */
  readonly rounds: readonly SimulatedRound[];
  /** Names of the figures by which methods are compared. */
  readonly figures: readonly string[];
  /** What they are of. */
  readonly about: string;
  /** In the order of the table. */
  readonly results: readonly MethodFigures[];
  /** The last model. */
  readonly model: ModelInfo;
}
