/**
 * A clock whose time goes by in leaps, so that deadlines of minutes are over in a moment.
 *
 * @module
 */
import { type ManualClock, manualClock } from "../src/wire/_testing.ts";

/** Time that goes by with each millisecond of the platform's, in milliseconds. */
const LEAP_MS = 500;

/** A clock that goes until it is disposed of. */
export interface TickingClock extends AsyncDisposable {
  /** Its time. */
  readonly clock: ManualClock;
}

/** Starts a clock. */
export function tickingClock(): TickingClock {
  const clock = manualClock();
  let isOver = false;
  const ticking = (async () => {
    while (!isOver) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      clock.advance(LEAP_MS);
    }
  })();
  return {
    clock,
    async [Symbol.asyncDispose]() {
      isOver = true;
      await ticking;
    },
  };
}
