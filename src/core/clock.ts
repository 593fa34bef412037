/**
 * Time, injected: code asks a {@link Clock}, so that tests and the simulator can own it.
 *
 * @module
 */

/** How to stop a {@link Clock.sleep} early. */
export interface SleepOptions {
  /** Rejects the sleep with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Where the time comes from. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Resolves `ms` milliseconds from now; rejects with the reason when `signal` aborts. */
  sleep(ms: number, options?: SleepOptions): Promise<void>;
}

/** Longest delay that a platform timer takes; a longer sleep is cut in parts. */
const TIMER_LIMIT_MS = 2 ** 31 - 1;

/** The platform's own clock and timers. */
export function systemClock(): Clock {
  const clock: Clock = {
    now: () => Date.now(),
    async sleep(ms, options = {}) {
      const { signal } = options;
      signal?.throwIfAborted();
      const part = Math.min(Math.max(ms, 0), TIMER_LIMIT_MS);
      await new Promise<void>((resolve, reject) => {
        const stop = () => {
          clearTimeout(timer);
          reject(signal?.reason);
        };
        const timer = setTimeout(() => {
          signal?.removeEventListener("abort", stop);
          resolve();
        }, part);
        signal?.addEventListener("abort", stop, { once: true });
      });
      if (ms > part) await clock.sleep(ms - part, options);
    },
  };
  return clock;
}

/** Lets everything else that is due in the platform's event loop go first. */
export function systemTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
