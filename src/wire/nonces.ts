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
  /** Most nonces of one member, so that none can fill the window and shut the others out. */
  readonly perMember: number;
}

/** The nonces of one aggregator. */
export interface Nonces {
  /** When the window began: what was signed before may have been seen by an earlier one. */
  readonly sinceMs: number;
  /**
   * Notes that `member` used `nonce`. Call it only once the signature is found to be valid, so that
   * nobody can use up another's nonces or fill the window without being a member.
   *
   * @throws {TributaryError} `request-replayed` when it was used before, `too-many-requests` when the
   * member has used up its share, `busy` when the window is full; both tell when there is room again.
   */
  remember(member: string, nonce: string): void;
  /** How many are kept now. */
  readonly size: number;
}

/** An empty window, which starts now. */
export function createNonces(options: NonceOptions): Nonces {
  const { clock, windowMs, capacity, perMember } = options;
  // Maps keep the order of insertion, and all live equally long: the oldest is always in front.
  const members = new Map<string, string>();
  const expiries = new Map<string, Map<string, number>>();
  function forgetExpired(now: number): void {
    for (const [key, member] of members) {
      const own = expiries.get(member);
      if ((own?.get(key) ?? 0) > now) return;
      members.delete(key);
      own?.delete(key);
      if (own?.size === 0) expiries.delete(member);
    }
  }
  return {
    sinceMs: clock.now(),
    remember(member, nonce) {
      const now = clock.now();
      forgetExpired(now);
      const key = `${member}.${nonce}`;
      if (members.has(key)) {
        throw new TributaryError(
          "request-replayed",
          "Cannot accept a request: its nonce was used before, expected a fresh one",
        );
      }
      const own = expiries.get(member) ?? new Map<string, number>();
      if (own.size >= perMember) {
        throw new TributaryError(
          "too-many-requests",
          `Cannot accept a request: ${perMember} signed requests of this member are remembered, ` +
            `no more fit`,
          { retryAfterS: secondsUntil(own, now) },
        );
      }
      if (members.size >= capacity) {
        const [oldest = member] = members.values();
        throw new TributaryError(
          "busy",
          `Cannot accept a request: ${capacity} signed requests are remembered, no more fit`,
          { retryAfterS: secondsUntil(expiries.get(oldest), now) },
        );
      }
      own.set(key, now + windowMs);
      expiries.set(member, own);
      members.set(key, member);
    },
    get size() {
      return members.size;
    },
  };
}

/** When the first of some nonces is forgotten. */
function secondsUntil(expiries: ReadonlyMap<string, number> | undefined, now: number): number {
  const [first = now] = expiries?.values() ?? [];
  return Math.max(1, Math.ceil((first - now) / 1000));
}
