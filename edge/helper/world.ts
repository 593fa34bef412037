/**
 * What a helper is given: everything that differs between platforms and tests.
 *
 * @module
 */
import type { Clock } from "../../src/core/clock.ts";
import type { Digest } from "../../src/core/digest.ts";
import type { CheckOf, Identity } from "../../src/core/identity.ts";
import type { RandomSource } from "../../src/core/random.ts";
import type { HelperKey } from "../../src/mask/helper_key.ts";
import type { Budget } from "../upload/budget.ts";
import type { Logger } from "../logger.ts";
import type { HelperLimits } from "./limits.ts";
import type { Trace } from "../trace.ts";
import type { HelperStore } from "./store.ts";

/** The world of one helper; all its tasks share it. */
export interface HelperWorld {
  /** Where tasks and answers are kept. */
  readonly store: HelperStore;
  /** Keys that shares may be sealed to; the first one is for new tasks. */
  readonly keys: readonly HelperKey[];
  /** Who signs answers. */
  readonly identity: Identity;
  /** Where the time comes from. */
  readonly clock: Clock;
  /** CSPRNG. */
  readonly random: RandomSource;
  /** SHA-256. */
  readonly digest: Digest;
  /** How signatures are checked. */
  readonly checkOf: CheckOf;
  /** The compiled `aggregate` core; each ask has an instance of its own. */
  readonly module: WebAssembly.Module;
  /** Takes what there is to say. */
  readonly logger: Logger;
  /** Times what is done. */
  readonly trace: Trace;
  /** Bounds. */
  readonly limits: HelperLimits;
  /** Bytes of asks in memory. */
  readonly budget: Budget;
  /** Rounds of a task whose answers are kept whole, besides the latest; all of them if absent. */
  readonly keepRounds: number | undefined;
}
