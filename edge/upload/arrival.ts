/**
 * How long a sender is waited for.
 *
 * @module
 */
import type { Clock } from "../../src/core/clock.ts";

/** When to stop waiting, and how. */
export interface ArrivalOptions {
  /** Where the time comes from. */
  readonly clock: Clock;
  /** Longest time that is waited, in milliseconds. */
  readonly stallMs: number;
  /** Ends the read that is under way, as if there were nothing more to come. */
  stop(): void;
}

/** Watches the reads of one body, one after the other; disposing ends it. */
export interface ArrivalWatch extends Disposable {
  /** Waits for a read, and stops it when it takes too long: what it gives then is its own affair. */
  during<T>(read: () => Promise<T>): Promise<T>;
}

/** Why a watch ends. Without a reason of its own an abort makes one, for more than the timer costs. */
const OVER = new Error("nothing is waited for any more");

/** A watch with one timer for all reads, which is set again only when it rings. */
export function watchArrival({ clock, stallMs, stop }: ArrivalOptions): ArrivalWatch {
  const over = new AbortController();
  let beganMs: number | undefined;

  async function watch(): Promise<void> {
    for (let leftMs = stallMs; leftMs > 0;) {
      await clock.sleep(leftMs, { signal: over.signal });
      // Nobody waits for the sender while its bytes are dealt with.
      leftMs = beganMs === undefined ? stallMs : beganMs + stallMs - clock.now();
    }
    stop();
  }

  watch().catch(() => {});
  return {
    async during(read) {
      beganMs = clock.now();
      try {
        return await read();
      } finally {
        beganMs = undefined;
      }
    },
    [Symbol.dispose]: () => over.abort(OVER),
  };
}

/** Waits for one read, and stops it when it takes too long: what it gives then is its own affair. */
export async function whileArriving<T>(
  read: () => Promise<T>,
  options: ArrivalOptions,
): Promise<T> {
  using watch = watchArrival(options);
  return await watch.during(read);
}
