/**
 * So many requests a second, and no more: a bucket for each sender, in bounded memory.
 *
 * Our own, in the form of the generic cell rate algorithm (ITU-T I.371): the limiters there are for Hono
 * keep counts in the module or behind a timer, know only the platform's clock, and have no bound on
 * how many senders they remember.
 *
 * @module
 */
import type { Clock } from "../../src/core/clock.ts";
import { TributaryError } from "../../src/core/errors.ts";

/** How many requests. */
export interface Rate {
  /** Requests a second that go on for ever. */
  readonly perS: number;
  /** Requests at once, after a pause. */
  readonly burst: number;
}

/** What a limiter works with. */
export interface RateLimitOptions {
  /** Where the time comes from. */
  readonly clock: Clock;
  /** The rate of a sender of weight 1. */
  readonly rate: Rate;
  /** Senders that are remembered; the one that was quiet longest is forgotten for another. */
  readonly senders: number;
}

/** Counts requests. */
export interface RateLimit {
  /**
   * Counts a request of a sender, who may send `weight` times the rate.
   *
   * @throws {TributaryError} `too-many-requests` with the time to wait; the request is not counted then.
   */
  take(sender: string, weight?: number): void;
}

/** One that has counted nothing. */
export function createRateLimit({ clock, rate, senders }: RateLimitOptions): RateLimit {
  /** When each sender's bucket is full again, Unix milliseconds; those that were quiet longest first. */
  const fullMs = new Map<string, number>();
  return {
    take(sender, weight = 1) {
      const nowMs = clock.now();
      const apartMs = 1000 / (rate.perS * weight);
      const mostMs = apartMs * rate.burst * weight;
      const nextMs = Math.max(fullMs.get(sender) ?? nowMs, nowMs) + apartMs;
      const overMs = nextMs - nowMs - mostMs;
      if (overMs > 0) {
        throw new TributaryError(
          "too-many-requests",
          `Cannot take so many requests of one sender: expected at most ${rate.perS * weight} a ` +
            `second and ${rate.burst * weight} at once`,
          { retryAfterS: Math.max(1, Math.ceil(overMs / 1000)) },
        );
      }
      fullMs.delete(sender);
      const [quietest] = fullMs.keys();
      if (fullMs.size >= senders && quietest !== undefined) fullMs.delete(quietest);
      fullMs.set(sender, nextMs);
    },
  };
}
