/**
 * A clock that is moved by hand, and on which nobody waits long.
 *
 * @module
 */
import type { ManualClock } from "../src/wire/_testing.ts";
import { hastyClock } from "./hasty_clock.ts";

/**
 * Short waits are over at once, long ones never, as on a {@link hastyClock}; but the time is moved, for
 * what comes after a restart.
 */
export function movedClock(startMs?: number): ManualClock {
  const hasty = hastyClock(startMs);
  let movedMs = 0;
  return {
    ...hasty,
    now: () => hasty.now() + movedMs,
    advance: (ms) => void (movedMs += ms),
    sleepers: 0,
    nextMs: Infinity,
  };
}
