/**
 * What a simulation is asked for.
 *
 * @module
 */
import type { Training } from "../client/join_options.ts";
import type { Clock } from "../core/clock.ts";
import type { Digest } from "../core/digest.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { Faults } from "./faults.ts";
import type { SimulatedRound } from "./result.ts";

/** A client: what it learns from, or a trainer of its own. */
export type SimulatedClient = Training & {
  /** What its seed is derived from; its number if absent. No two are the same. */
  readonly id?: string;
};

/** What a simulation reports while it goes on. */
export type SimulationProgress =
  /** A round began, in which so many clients train. */
  | { readonly kind: "open"; readonly round: number; readonly trainings: number }
  /** So many of them have trained so far. */
  | { readonly kind: "trained"; readonly round: number; readonly clients: number }
  /** The round is over. */
  | { readonly kind: "closed"; readonly round: SimulatedRound };

/** Who takes part, in what tree, and what goes wrong. */
export interface SimulateOptions {
  /** The clients; those of a task with a built-in model have examples. */
  readonly clients: readonly SimulatedClient[];
  /**
   * How many children an aggregator has, level by level: `[3, 4]` is a root with three regions of
   * four regions each; default none, all clients at the root. No tree changes what is learned.
   */
  readonly tree?: readonly number[];
  /** What goes wrong; default nothing. */
  readonly faults?: Faults;
  /** Decides everything that is drawn: a number, or 32 bytes; default 0. */
  readonly seed?: number | Uint8Array;
  /**
   * Threads that clients train in, each with a part of them; 0 for this one. Default 0: a program
   * knows how many cores it may use (`navigator.hardwareConcurrency`). Clients with trainers of
   * their own, and runtimes without `Worker`, stay in this thread. No number changes the result.
   */
  readonly workers?: number;
  /** Keeps the progress, and gives that of an earlier start, which is gone on with. */
  readonly checkpoint?: Checkpoint;
  /** Ends as `stalled` after so many rounds in a row without a model; default 20. */
  readonly patience?: number;
  /** Hears how it goes. */
  readonly onProgress?: (progress: SimulationProgress) => void;
  /** Ends the simulation; a checkpoint then has all rounds that were over. */
  readonly signal?: AbortSignal;
  /** SHA-256 of models; WebCrypto's by default. */
  readonly digest?: Digest;
  /** Says when other work of this thread is due; the platform's by default. */
  readonly clock?: Clock;
}
