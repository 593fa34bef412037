/**
 * What comes of a simulation.
 *
 * @module
 */
import type { NamedTensors } from "../core/tensor.ts";
import type { AbandonReason, LoggedSpend } from "../wire/log.ts";
import type { FinishReason, ModelInfo } from "../wire/round_info.ts";

/** A round that is over. */
export interface SimulatedRound {
  /** Number of the round. */
  readonly round: number;
  /** Whether it gave a model, or why not. */
  readonly outcome: "published" | AbandonReason;
  /** The latest model after it. */
  readonly model: ModelInfo;
  /** Means over the clients that measured, of the model before; empty if the round was abandoned. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Clients in the sum. */
  readonly clients: number;
  /** Clients that were asked; of them come those below. */
  readonly asked: number;
  /** Clients that took no part, as they or their region were away or they sat the round out. */
  readonly away: number;
  /** Clients that trained and went away before they sent. */
  readonly lost: number;
  /** Clients whose training or update came too late, or found no room in the round. */
  readonly late: number;
  /** Regions that could not be reached. */
  readonly regionsDown: number;
  /** Virtual milliseconds from opening to closing. */
  readonly ms: number;
  /** Bytes of the parcels that regions took from clients. */
  readonly bytesUp: number;
  /** Bytes of the models that clients fetched. */
  readonly bytesDown: number;
  /** What a private task has spent so far, if the round's sum was opened. */
  readonly spent?: LoggedSpend;
}

/** A simulation that is over. */
export interface Simulation {
  /** Digest of the task. */
  readonly task: string;
  /** Why it ended: by the task's stop rules, or as too many rounds in a row were abandoned. */
  readonly reason: FinishReason | "stalled";
  /** The last model, as it is announced. */
  readonly info: ModelInfo;
  /** Its tensors. */
  readonly model: NamedTensors;
  /** All rounds, in order. */
  readonly rounds: readonly SimulatedRound[];
  /** Virtual milliseconds in all. */
  readonly ms: number;
}
