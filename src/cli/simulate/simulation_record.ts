/**
 * What a simulation leaves behind: the content of `run.json`, and all that its report draws.
 *
 * @module
 */
import type { Faults, SimulatedRound, Simulation } from "../../sim/mod.ts";
import type { ModelInfo } from "../../wire/round_info.ts";
import type { RunHead } from "../run_record.ts";
import type { MethodFigures, SceneData } from "./scene.ts";

/** A simulation from start to end. */
export interface SimulationRecord extends RunHead {
  /** Tells it from the record of a live run. */
  readonly kind: "simulation";
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
