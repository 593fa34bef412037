/**
 * A clock for faults: short waits are over at once, long ones never.
 *
 * @module
 */
import type { Clock } from "../src/core/clock.ts";

/** Longer than any wait between tries, and shorter than deadlines and timeouts. */
const SHORT_MS = 20_000;

/** Stands still; a sleep of up to twenty seconds takes one turn of the event loop, a longer one lasts. */
export function hastyClock(nowMs: number = 1_700_000_000_000): Clock {
  return {
    now: () => nowMs,
    async sleep(ms, { signal } = {}) {
      signal?.throwIfAborted();
      if (ms <= SHORT_MS) return await new Promise((resolve) => setTimeout(resolve, 0));
      await new Promise((_, reject) =>
        signal?.addEventListener("abort", () => reject(signal.reason), { once: true })
      );
    },
  };
}
