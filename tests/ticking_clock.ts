/**
 * A clock whose time goes by in leaps, so that deadlines of minutes are over in a moment.
 *
 * @module
 */
import { type ManualClock, manualClock } from "../src/wire/_testing.ts";

/** Time that goes by with each turn of the event loop, in milliseconds. */
const LEAP_MS = 500;
/** Where a turn takes longer than this the machine is at work, and time goes by more slowly. */
const PROMPT_MS = 4;
/** So much more slowly. */
const SLOWER = 10;

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
      const beganMs = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 1));
      const isPrompt = performance.now() - beganMs <= PROMPT_MS;
      clock.advance(isPrompt ? LEAP_MS : LEAP_MS / SLOWER);
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
