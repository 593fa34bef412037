/**
 * What an aggregator does with the messages of `secagg_plus`: a region passes them on, the root keeps
 * and answers them.
 *
 * @module
 */
import type { DownPhase, UpPhase } from "../../src/wire/phase.ts";

/** A client's message on its way up. */
export interface PhaseWord {
  /** Number of the round. */
  readonly round: number;
  /** Which message. */
  readonly phase: UpPhase;
  /** Id of the client. */
  readonly member: string;
  /** Id of the member that brought it, and signed the request: the client, or a region. */
  readonly sender: string;
  /** The message. */
  readonly message: Uint8Array<ArrayBuffer>;
}

/** A client that waits for a message of the root. */
export interface PhaseQuestion extends Omit<PhaseWord, "phase" | "message"> {
  /** Which message. */
  readonly phase: DownPhase;
  /** How long it waits at most, in milliseconds. */
  readonly waitMs: number;
  /** Aborts when nobody waits any more. */
  readonly signal: AbortSignal;
}

/** A sealed sum, to be opened. */
export interface SumToOpen {
  /** Number of the round. */
  readonly round: number;
  /** The sum. */
  readonly sum: Uint8Array;
  /** Ids of the clients in it. */
  readonly members: readonly string[];
  /** Ends the waiting. */
  readonly signal: AbortSignal;
}

/** The phases of one task. */
export interface PhaseHost extends Disposable {
  /**
   * Takes a message. The first one of a client in a phase counts; the same one again changes nothing.
   *
   * @throws {TributaryError} `round-unknown`, `round-closed`, `not-asked`, what the root says of the
   * message (see `SecaggServer.check`), or `store-failed`.
   */
  put(word: PhaseWord): Promise<void>;
  /**
   * The root's message for a client; undefined when the wait ran out.
   *
   * @throws {TributaryError} `round-unknown`, `round-closed`, `not-asked`; `survivors-missing` where the
   * round has failed for want of clients.
   */
  get(question: PhaseQuestion): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /**
   * Checks that the parcel of a client may come: that its neighbours have its shares.
   *
   * @throws {TributaryError} `not-asked` if not.
   */
  checkMayMask(round: number, member: string): Promise<void>;
  /**
   * Root: opens a sealed sum, as it tells clients who is in it, and waits for their word and their
   * shares. Doing so again gives the same.
   *
   * @throws {TributaryError} `survivors-missing`, `shares-missing`, `shares-inconsistent`,
   * `noise-excessive`, `not-asked`: the sum cannot be opened.
   */
  open(work: SumToOpen): Promise<Uint8Array<ArrayBuffer>>;
  /** Forgets rounds that are over, here and in the store, and ends their long polls. */
  settle(): Promise<void>;
  /** Answers all long polls and holds none from now on. */
  endPolls(): void;
}
