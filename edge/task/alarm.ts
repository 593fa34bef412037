/**
 * A timer that is set to the time of a round's next event.
 *
 * @module
 */
import type { Clock } from "../../src/core/clock.ts";
import type { Logger } from "../logger.ts";

/** What an alarm does when it rings. */
export interface AlarmOptions {
  /** Where the time comes from. */
  readonly clock: Clock;
  /** Told of a tick that failed. */
  readonly logger: Logger;
  /** Lets the round know that time went by; gives the time that it went by. */
  tick(): Promise<number>;
}

/** One timer, set again and again. */
export interface Alarm extends Disposable {
  /** Rings at this time, and at no other; never where undefined. */
  set(atMs: number | undefined): void;
}

/** Wait before a tick is tried again that could not be written. */
const TICK_RETRY_MS = 1000;

/** An alarm that is not set. */
export function createAlarm({ clock, logger, tick }: AlarmOptions): Alarm {
  let alarm: { readonly atMs: number; readonly stop: AbortController } | undefined;
  let isOver = false;

  async function ring(atMs: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      await clock.sleep(Math.max(0, atMs - clock.now()), { signal });
      try {
        // A timer may end before the clock says so, and a clock may be put back: it was no tick then.
        if (await tick() >= atMs) return;
      } catch (error) {
        logger({ kind: "failure", doing: "tick", error });
        await clock.sleep(TICK_RETRY_MS, { signal });
      }
    }
  }

  return {
    set(atMs) {
      if (alarm?.atMs === atMs) return;
      alarm?.stop.abort();
      alarm = undefined;
      if (atMs === undefined || isOver) return;
      const stop = new AbortController();
      alarm = { atMs, stop };
      ring(atMs, stop.signal).catch((error) => {
        if (!stop.signal.aborted) logger({ kind: "failure", doing: "alarm", error });
      });
    },
    [Symbol.dispose]() {
      isOver = true;
      alarm?.stop.abort();
    },
  };
}
