/**
 * Trying again, with exponential backoff and full jitter.
 *
 * Our own, because the libraries for it read the global clock and `Math.random`, which neither a
 * simulator with virtual time nor a repeatable run can have.
 *
 * @module
 */
import type { Clock } from "./clock.ts";
import type { RandomSource } from "./random.ts";

/** Longest wait that the other side can ask for: it must not be able to silence anyone for days. */
const MAX_ASKED_MS = 600_000;

/** How often and how long to wait between tries. */
export interface RetryOptions {
  /** Where the time comes from. */
  readonly clock: Clock;
  /** Where the jitter comes from. */
  readonly random: RandomSource;
  /** Most tries, the first one counted; `Infinity` to go on until aborted. */
  readonly attempts: number;
  /** Upper end of the first wait. It doubles with each try. */
  readonly minMs: number;
  /** Upper end of any wait; what the other side asked for comes on top. */
  readonly maxMs: number;
  /** Ends the tries and the waits between them. */
  readonly signal?: AbortSignal;
  /** Whether this error may go away by itself. */
  retryable(error: unknown): boolean;
  /**
   * A wait that the other side asked for: then the least that is waited, up to
   * ten minutes.
   */
  retryAfterMs?(error: unknown): number | undefined;
}

/**
 * Runs `attempt` until it succeeds, fails for good, or the tries are used up.
 *
 * Before try `n + 1` it waits a uniform random time in `[0, min(maxMs, minMs · 2^(n−1))]`, on top
 * of what the other side asked for, at most ten minutes (full jitter, so that a fleet does
 * not come back in step).
 *
 * @returns What `attempt` gave.
 * @throws The last error of `attempt`, or the signal's reason.
 */
export async function retry<T>(
  attempt: (tries: number) => Promise<T>,
  options: RetryOptions,
): Promise<T> {
  const { clock, random, attempts, minMs, maxMs, signal } = options;
  for (let tries = 1;; tries++) {
    signal?.throwIfAborted();
    try {
      return await attempt(tries);
    } catch (error) {
      if (tries >= attempts || signal?.aborted || !options.retryable(error)) throw error;
      const ceiling = Math.min(maxMs, minMs * 2 ** (tries - 1));
      const { buffer, byteOffset } = random(4);
      const jitter = new DataView(buffer, byteOffset, 4).getUint32(0) / 2 ** 32;
      const asked = Math.min(MAX_ASKED_MS, options.retryAfterMs?.(error) ?? 0);
      await clock.sleep(asked + jitter * ceiling, signal === undefined ? {} : { signal });
    }
  }
}
