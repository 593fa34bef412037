/**
 * Requests that wait for the next change of state: the server side of the long poll.
 *
 * @module
 */
import type { Clock } from "../../src/core/clock.ts";
import { TributaryError } from "../../src/core/errors.ts";

/** Bounds and time of a waiting room. */
export interface WaitersOptions {
  /** Where the time comes from. */
  readonly clock: Clock;
  /** Most requests that wait at once; the next one is turned away. */
  readonly capacity: number;
  /** Seconds after which one that was turned away may come again. */
  readonly retryAfterS: number;
}

/** A waiting room; disposing wakes everyone for good. */
export interface Waiters extends Disposable {
  /** How many wait now. */
  readonly size: number;
  /** Whether nobody may wait any more. */
  readonly closed: boolean;
  /**
   * Waits until the next {@link Waiters.wake}, until `ms` have passed, or until `signal` aborts,
   * whichever is first. Does not wait at all once disposed.
   *
   * @throws {TributaryError} `busy` if too many wait.
   */
  wait(ms: number, signal: AbortSignal): Promise<"woken" | "late" | "gone">;
  /** Ends all waits that began before. */
  wake(): void;
}

/** An empty waiting room. */
export function createWaiters(options: WaitersOptions): Waiters {
  const { clock, capacity, retryAfterS } = options;
  const waiting = new Set<() => void>();
  let closed = false;
  const wake = () => {
    for (const end of [...waiting]) end();
  };
  return {
    get size() {
      return waiting.size;
    },
    get closed() {
      return closed;
    },
    async wait(ms, signal) {
      if (closed) return "woken";
      if (signal.aborted) return "gone";
      if (waiting.size >= capacity) {
        throw new TributaryError(
          "busy",
          `Cannot wait for the next round: ${capacity} requests wait already`,
          { retryAfterS },
        );
      }
      const stop = new AbortController();
      const woken = Promise.withResolvers<"woken" | "gone">();
      const leave = () => woken.resolve("gone");
      const end = () => woken.resolve("woken");
      waiting.add(end);
      signal.addEventListener("abort", leave, { once: true });
      try {
        const late = clock.sleep(ms, { signal: stop.signal }).then(
          () => "late" as const,
          () => "gone" as const,
        );
        return await Promise.race([woken.promise, late]);
      } finally {
        stop.abort();
        waiting.delete(end);
        signal.removeEventListener("abort", leave);
      }
    },
    wake,
    [Symbol.dispose]() {
      closed = true;
      wake();
    },
  };
}
