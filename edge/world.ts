/**
 * What an aggregator is given: everything that differs between platforms, roles and tests.
 *
 * @module
 */
import type { Clock } from "../src/core/clock.ts";
import type { Digest } from "../src/core/digest.ts";
import type { CheckOf, Identity } from "../src/core/identity.ts";
import type { RandomSource } from "../src/core/random.ts";
import type { Fetch } from "../src/core/fetch.ts";
import type { Budget } from "./upload/budget.ts";
import type { Instance } from "./task/instance.ts";
import type { Limits } from "./limits.ts";
import type { Logger } from "./logger.ts";
import type { SlicePool } from "./upload/slice_pool.ts";
import type { RoundStore } from "./store.ts";
import type { SumsOf } from "./sum/sums.ts";
import type { Trace } from "./trace.ts";

/** The world of one aggregator; all its tasks share it. */
export interface World {
  /** Where everything is kept. */
  readonly store: RoundStore;
  /** Who signs receipts and the log, and at a region, what goes to the parent. */
  readonly identity: Identity;
  /** Where the time comes from. */
  readonly clock: Clock;
  /** CSPRNG. */
  readonly random: RandomSource;
  /** SHA-256. */
  readonly digest: Digest;
  /** How signatures are checked. */
  readonly checkOf: CheckOf;
  /** How the parent is reached. */
  readonly fetch: Fetch;
  /** Takes what there is to say. */
  readonly logger: Logger;
  /** Times what is done. */
  readonly trace: Trace;
  /** The compiled `aggregate` core. */
  readonly module: WebAssembly.Module;
  /** What adds parcels. */
  readonly sums: SumsOf;
  /** Bounds. */
  readonly limits: Limits;
  /** Which of those that share the store this is. */
  readonly instance: Instance;
  /** Bytes of parcels in memory. */
  readonly budget: Budget;
  /** Memory of parcels. */
  readonly pool: SlicePool;
  /** Lets other work of the event loop go first. */
  turn(): Promise<void>;
}
