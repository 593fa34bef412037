/**
 * A clock for faults: short waits are over at once, long ones never.
 *
 * @module
 */
import type { Clock } from "../src/core/clock.ts";

/**
 * Shortest sleep that is a timeout, a poll or a deadline: a peer's time for one try. Waits between
 * tries are shorter, though longer than the 10 s of their backoff: what the other side asked for
 * comes on top.
 */
const SHORTEST_DEADLINE_MS = 30_000;

/**
 * Stands still: waits between tries take one turn of the event loop, anything longer never ends, so
 * that whatever only a deadline would rescue stands still too.
 */
export function hastyClock(nowMs: number = 1_700_000_000_000): Clock {
  return {
    now: () => nowMs,
    async sleep(ms, { signal } = {}) {
      signal?.throwIfAborted();
      if (ms < SHORTEST_DEADLINE_MS) return await new Promise((resolve) => setTimeout(resolve, 0));
      await new Promise((_, reject) =>
        signal?.addEventListener("abort", () => reject(signal.reason), { once: true })
      );
    },
  };
}
