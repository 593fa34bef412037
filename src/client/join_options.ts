/**
 * What a device joins with.
 *
 * @module
 */
import type { Clock } from "../core/clock.ts";
import type { Digest } from "../core/digest.ts";
import type { Fetch } from "../core/fetch.ts";
import type { Identity } from "../core/identity.ts";
import type { RandomSource } from "../core/random.ts";
import type { DeviceState, Trainer } from "../core/trainer.ts";
import type { Examples } from "../models/model.ts";
import type { ClientCores } from "./cores.ts";
import type { Insistence } from "./insistence.ts";
import type { TokenSource } from "./regions.ts";

/** How a device trains: with a built-in model on its examples, or with code of its own. */
export type Training =
  /** The task's model, on what only this device has. */
  | { readonly examples: Examples; readonly trainer?: never }
  /** Any other training code. */
  | { readonly trainer: Trainer; readonly examples?: never };

/** Who joins, and what with. The platform's own clock, randomness and fetch unless given. */
export type JoinOptions = Training & {
  /** Signs every request; its id is the member's. */
  readonly identity: Identity;
  /** Digest of the task; may be left out where the region has one task. */
  readonly task?: string;
  /**
   * Public key of whoever owns the task, base64url, if the application knows it. A task that another
   * has signed is refused then; without it the region is trusted to offer the right one.
   */
  readonly owner?: string;
  /**
   * What the task must promise, or it is refused before anything is sent. Without it the device takes
   * a task as it comes, also one whose updates its region can read.
   */
  readonly insist?: Insistence;
  /** What the device keeps from round to round; in memory by default. */
  readonly state?: DeviceState;
  /**
   * Token of regions that ask for one, or what gives one for a region by its address each time that it is
   * shown: tokens of an issuer are over soon, and one-time tokens are one region's.
   */
  readonly token?: TokenSource;
  /**
   * Makes training and rounding repeatable; without it each round draws fresh randomness. Of this
   * client alone: who knows it knows how its values were rounded.
   */
  readonly seed?: Uint8Array;
  /** Shared by devices in one process; fresh ones by default. */
  readonly cores?: ClientCores;
  /** Runs the work of a round when it is this device's turn; at once by default. */
  readonly turn?: <T>(work: () => Promise<T>) => Promise<T>;
  /** Where the time comes from. */
  readonly clock?: Clock;
  /** A CSPRNG. */
  readonly random?: RandomSource;
  /** How requests travel. */
  readonly fetch?: Fetch;
  /** SHA-256. */
  readonly digest?: Digest;
  /** Ends joining and everything after it. */
  readonly signal?: AbortSignal;
};
