/**
 * How much a helper takes on at once.
 *
 * @module
 */
import { DEFAULT_LIMITS, type Limits } from "../limits.ts";

/** Bounds; each has a default. */
export interface HelperLimits extends
  Pick<
    Limits,
    | "inFlightBytes"
    | "stallMs"
    | "maxAgeS"
    | "skewS"
    | "nonces"
    | "memberRate"
    | "addressRate"
    | "retryAfterS"
  > {
  /** Asks that may wait for memory; the next one is turned away. */
  readonly waitingAsks: number;
  /** Most tasks that are served. */
  readonly tasks: number;
  /** Smallest set that any task may ask for, whatever its owner says. */
  readonly leastClients: number;
}

/** For a process with 512 MB; a worker of 128 MB halves the bytes. */
export const DEFAULT_HELPER_LIMITS: HelperLimits = {
  inFlightBytes: DEFAULT_LIMITS.inFlightBytes,
  stallMs: DEFAULT_LIMITS.stallMs,
  maxAgeS: DEFAULT_LIMITS.maxAgeS,
  skewS: DEFAULT_LIMITS.skewS,
  nonces: 100_000,
  memberRate: DEFAULT_LIMITS.memberRate,
  addressRate: DEFAULT_LIMITS.addressRate,
  retryAfterS: DEFAULT_LIMITS.retryAfterS,
  waitingAsks: 1000,
  tasks: 10_000,
  leastClients: 2,
};
