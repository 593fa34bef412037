/**
 * Which signed requests were seen, for as long as their signatures are valid.
 *
 * @module
 */
import type { Clock } from "../core/clock.ts";
import { TributaryError } from "../core/errors.ts";
import { forgetfulLog, type NonceLog, type SeenRequest } from "./nonce_log.ts";

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
  /**
   * Most nonces of strangers together, who can make up as many keys as they like: members are heard
   * whatever they do; the whole window by default.
   */
  readonly strangers?: number;
  /** What was seen before; {@link forgetfulLog} by default. */
  readonly log?: NonceLog;
}

/** The nonces of one aggregator. */
export interface Nonces {
  /**
   * Notes that a request was taken. Call it only once the signature is found to be valid, so that
   * nobody can use up another's nonces.
   *
   * @param isStranger Whether anybody could have sent it, who need not be a member.
   *
   * @throws {TributaryError} `signature-expired` when it was signed before the window began, so that an
   * earlier one may have seen it; `request-replayed` when it was taken before; `too-many-requests` when
   * the member has used up its share, `busy` when the window is full, or the strangers' part of it. All
   * but the second tell when to come again.
   */
  remember(request: SeenRequest, isStranger?: boolean): Promise<void>;
  /** How many are kept now. */
  readonly size: number;
}

/**
 * How far ahead of now the log is raised at once, in seconds, so that it is written that seldom. One
 * that stops at once and starts again is to be waited for as long.
 */
const AHEAD_S = 2;

/** A window that begins with what its log has. */
export function createNonces(options: NonceOptions): Nonces {
  const { clock, windowMs, capacity, perMember, log = forgetfulLog(clock.now()) } = options;
  const { strangers: mostStrangers = capacity } = options;
  const { untilS: startS } = log;
  let raisedS = startS;
  // Maps keep the order of insertion, and all live equally long: the oldest is always in front.
  const members = new Map<string, string>();
  const expiries = new Map<string, Map<string, number>>();
  /** Those of strangers, by when they are forgotten. */
  const strangers = new Map<string, number>();
  for (const request of log.seen) keep(request, clock.now());

  function keep({ member, nonce }: SeenRequest, now: number): void {
    const key = `${member}.${nonce}`;
    const own = expiries.get(member) ?? new Map<string, number>();
    own.set(key, now + windowMs);
    expiries.set(member, own);
    members.set(key, member);
  }

  function forgetExpired(now: number): void {
    for (const [key, member] of members) {
      const own = expiries.get(member);
      if ((own?.get(key) ?? 0) > now) return;
      members.delete(key);
      strangers.delete(key);
      own?.delete(key);
      if (own?.size === 0) expiries.delete(member);
    }
  }

  function checkRoom(member: string, { now, isStranger }: Asking): void {
    const own = expiries.get(member);
    if (own !== undefined && own.size >= perMember) {
      throw new TributaryError(
        "too-many-requests",
        `Cannot accept a request: ${perMember} signed requests of this member are remembered, ` +
          `no more fit`,
        { retryAfterS: secondsUntil(own, now) },
      );
    }
    if (isStranger && strangers.size >= mostStrangers) {
      throw new TributaryError(
        "busy",
        `Cannot accept a request: ${mostStrangers} signed requests of strangers are remembered, ` +
          `no more fit`,
        { retryAfterS: secondsUntil(strangers, now) },
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
  }

  async function note(request: SeenRequest, now: number): Promise<void> {
    if (request.createdS <= raisedS) return;
    const untilS = Math.floor(now / 1000) + AHEAD_S;
    if (request.createdS > untilS) return await log.add(request);
    // Not before it is durable: another request that comes meanwhile is not to rely on it.
    await log.raise(untilS);
    raisedS = Math.max(raisedS, untilS);
  }

  return {
    async remember(request, isStranger = false) {
      const now = clock.now();
      const { member, nonce, createdS } = request;
      if (createdS <= startS) {
        throw new TributaryError(
          "signature-expired",
          `Cannot accept a request: signed at ${createdS} s, expected after ${startS} s, until when ` +
            `this aggregator does not remember what it has seen`,
          // One that was on its way during a restart is in order once it is signed again.
          { retryAfterS: Math.max(1, startS + 1 - Math.floor(now / 1000)) },
        );
      }
      forgetExpired(now);
      if (members.has(`${member}.${nonce}`)) {
        throw new TributaryError(
          "request-replayed",
          "Cannot accept a request: its nonce was used before, expected a fresh one",
        );
      }
      checkRoom(member, { now, isStranger });
      // Before anything is waited for: of two at once one is taken.
      keep(request, now);
      if (isStranger) strangers.set(`${member}.${nonce}`, now + windowMs);
      await note(request, now);
    },
    get size() {
      return members.size;
    },
  };
}

/** A request that there may be no room for. */
interface Asking {
  readonly now: number;
  readonly isStranger: boolean;
}

/** When the first of some nonces is forgotten. */
function secondsUntil(expiries: ReadonlyMap<string, number> | undefined, now: number): number {
  const [first = now] = expiries?.values() ?? [];
  return Math.max(1, Math.ceil((first - now) / 1000));
}
