/**
 * What an aggregator must not forget, when it stops and starts again, of the signed requests that it
 * took: else each of them could be played to it once more.
 *
 * Most are forgotten all the same, and everything that is as old is refused with them. Only those
 * from clocks that are ahead are kept one by one, as waiting until they are old would shut everyone
 * out for as long as the clock of one sender is ahead.
 *
 * @module
 */

/** A signed request that was taken. */
export interface SeenRequest {
  /** Id of its sender. */
  readonly member: string;
  /** Makes it another than all others of that sender. */
  readonly nonce: string;
  /** When it was signed, in seconds on the sender's clock. */
  readonly createdS: number;
}

/** What was seen, where it outlives the process. */
export interface NonceLog {
  /** Everything signed in this second or before may have been taken by an earlier process. */
  readonly untilS: number;
  /** What was signed later, and was taken. */
  readonly seen: readonly SeenRequest[];
  /**
   * Notes that everything up to `untilS` may have been taken, and forgets what that includes. It must
   * be durable before a request taken after it is answered.
   */
  raise(untilS: number): void | Promise<void>;
  /** Notes one that was signed later than that; durable as {@link NonceLog.raise}. */
  add(request: SeenRequest): void | Promise<void>;
}

/**
 * The log of an aggregator that keeps none: everything that was signed before it started counts as
 * taken. What was signed by a clock that is ahead can be played to it once more until that time comes.
 */
export function forgetfulLog(startMs: number): NonceLog {
  // A signature tells whole seconds: one of the second of the start may be from before.
  return { untilS: Math.ceil(startMs / 1000) - 1, seen: [], raise() {}, add() {} };
}
