/**
 * The helpers of a task, and how many of them it takes.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";

/** The helpers that hold the shares of a task's keys. */
export interface Committee {
  /** X25519 public keys, 32 bytes each; helper `j` (from 1) has the `j`-th. */
  readonly helpers: readonly Uint8Array[];
  /** How many of them open a sum; fewer learn nothing. */
  readonly threshold: number;
  /** How many may work against the clients together with the root. */
  readonly colluding: number;
}

/** Most helpers of a committee. */
export const MOST_HELPERS = 32;

const KEY_BYTES = 32;

/**
 * The usual committee of as many helpers: of five, four open a sum and two may collude.
 *
 * The threshold is the least one above `(m + f) / 2` with `f = ⌊m / 2⌋`.
 */
export function committeeOf(helpers: readonly Uint8Array[]): Committee {
  const colluding = Math.floor(helpers.length / 2);
  return { helpers, colluding, threshold: Math.floor((helpers.length + colluding) / 2) + 1 };
}

/**
 * Checks that a committee keeps its promises: those who collude are too few to open a sum
 * (`f < t`), and no two sets of clients can ever be opened for one sid (`t > (m + f) / 2`: two
 * thresholds share a helper that is honest, and answers once).
 *
 * @throws {TributaryError} `task-refused` if not, or if a key is no key or another helper's.
 */
export function checkCommittee({ helpers, threshold, colluding }: Committee): void {
  const size = helpers.length;
  if (size < 1 || size > MOST_HELPERS) {
    refuse(`Cannot share keys among ${size} helpers: expected 1 to ${MOST_HELPERS}`);
  }
  const whole = [threshold, colluding].every((it) => Number.isInteger(it) && it >= 0);
  if (!whole || threshold > size || colluding >= threshold || 2 * threshold <= size + colluding) {
    refuse(
      `Cannot share keys among ${size} helpers with a threshold of ${threshold} and ${colluding} who collude: expected colluding < threshold ≤ ${size} and 2·threshold > ${size} + colluding`,
    );
  }
  const seen = new Set<string>();
  helpers.forEach((key, at) => {
    if (key.length !== KEY_BYTES) {
      refuse(`Cannot use the key of helper ${at + 1}: ${key.length} bytes, expected ${KEY_BYTES}`);
    }
    seen.add(key.join());
  });
  if (seen.size !== size) refuse(`Cannot share keys among ${size} helpers: two have one key`);
}

function refuse(detail: string): never {
  throw new TributaryError("task-refused", detail);
}
