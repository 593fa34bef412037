/**
 * How long a sender is waited for.
 *
 * @module
 */
import type { Clock } from "../src/core/clock.ts";

/** When to stop waiting, and how. */
export interface ArrivalOptions {
  /** Where the time comes from. */
  readonly clock: Clock;
  /** Longest time that is waited, in milliseconds. */
  readonly stallMs: number;
  /** Ends the read that is under way, as if there were nothing more to come. */
  stop(): void;
}

/** Waits for a read, and stops it when it takes too long: what it gives then is its own affair. */
export async function whileArriving<T>(
  read: () => Promise<T>,
  { clock, stallMs, stop }: ArrivalOptions,
): Promise<T> {
  const timer = new AbortController();
  clock.sleep(stallMs, { signal: timer.signal }).then(stop, () => {});
  try {
    return await read();
  } finally {
    timer.abort();
  }
}
