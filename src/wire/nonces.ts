/**
 * Which signed requests were seen, for as long as their signatures are valid.
 *
 * @module
 */
import type { Clock } from "../core/clock.ts";
import { TributaryError } from "../core/errors.ts";

/** Bounds of a window of nonces. */
export interface NonceOptions {
  /** Where the time comes from. */
  readonly clock: Clock;
  /** How long a nonce is kept; at least the longest life of a signature, skew on both sides. */
  readonly windowMs: number;
  /** Most nonces kept; a fuller window refuses requests instead of forgetting any. */
  readonly capacity: number;
}

/** The nonces of one aggregator. */
export interface Nonces {
  /** When the window began: what was signed before may have been seen by an earlier one. */
  readonly sinceMs: number;
  /**
   * Notes that `member` used `nonce`. Call it only once the signature is found to be valid, so that
   * nobody can use up another's nonces or fill the window without being a member.
   *
   * @throws {TributaryError} `request-replayed` when it was used before, `busy` when the window is
   * full; it tells when there is room again.
   */
  remember(member: string, nonce: string): void;
  /** How many are kept now. */
  readonly size: number;
}

/** An empty window, which starts now. */
export function createNonces(options: NonceOptions): Nonces {
  const { clock, windowMs, capacity } = options;
  // A Map keeps the order of insertion, and all live equally long: the oldest is always in front.
  const expiries = new Map<string, number>();
  const forgetExpired = (now: number): void => {
    for (const [key, expiry] of expiries) {
      if (expiry > now) return;
      expiries.delete(key);
    }
  };
  return {
    sinceMs: clock.now(),
    remember(member, nonce) {
      const now = clock.now();
      forgetExpired(now);
      const key = `${member}.${nonce}`;
      if (expiries.has(key)) {
        throw new TributaryError(
          "request-replayed",
          "Cannot accept a request: its nonce was used before, expected a fresh one",
        );
      }
      if (expiries.size >= capacity) {
        const [oldest = now] = expiries.values();
        throw new TributaryError(
          "busy",
          `Cannot accept a request: ${capacity} signed requests are remembered, no more fit`,
          { retryAfterS: Math.max(1, Math.ceil((oldest - now) / 1000)) },
        );
      }
      expiries.set(key, now + windowMs);
    },
    get size() {
      return expiries.size;
    },
  };
}
