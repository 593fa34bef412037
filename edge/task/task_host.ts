/**
 * What one task offers to the routes: the boundary between HTTP and the aggregator's life.
 *
 * @module
 */
import type { LogPage } from "../../src/wire/log.ts";
import type { ListedMember, Revocation } from "../../src/wire/operator.ts";
import type { Membership } from "../../src/wire/party.ts";
import type { Receipt } from "../../src/wire/receipt.ts";
import type { ModelInfo, RoundInfo } from "../../src/wire/round_info.ts";
import type { Status } from "../../src/wire/status.ts";
import type { TaskOffer } from "../../src/wire/task.ts";
import type { UpdateHead } from "../../src/wire/update_headers.ts";
import type { Ticket } from "../access/access.ts";
import type { Newcomer } from "../access/enrol.ts";
import type { Models } from "./models.ts";
import type { PhaseHost } from "../relay/phase_host.ts";
import type { StagedParcel } from "../upload/staged_uploads.ts";
import type { MemberRow, UpdateRow } from "../store.ts";
import type { TaskForm } from "./task_form.ts";

/** An upload as its headers announce it. */
export interface Announced {
  /** Number of the round in the path. */
  readonly round: number;
  /** Id of the member in the path. */
  readonly member: string;
  /** What the headers say. */
  readonly head: UpdateHead;
}

/** A member that asks for a round. */
export interface AskingMember {
  /** Its id. */
  readonly member: string;
  /** Clients that it has at hand: 1 for a client. */
  readonly available: number;
}

/** How an announced upload stands to what is stored. */
export type Standing =
  /** It may come. */
  | { readonly kind: "welcome" }
  /** It is in the sum already. */
  | { readonly kind: "repeated"; readonly row: UpdateRow };

/** How long a request for a round waits. */
export interface RoundWait {
  /** Longest wait, in milliseconds. */
  readonly waitMs: number;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** Who asks, if it has proved to be a member. */
  readonly asker?: AskingMember;
}

/** A member's word that nothing will come from it. */
export interface AbstentionWord {
  /** Number of the round in the path. */
  readonly round: number;
  /** Id of the member in the path. */
  readonly member: string;
  /** Session id that it names. */
  readonly sid: string;
}

/** One task of an aggregator. */
export interface TaskHost {
  /** Digest of the task. */
  readonly id: string;
  /** The signed task, and who signs receipts here. */
  readonly offer: TaskOffer;
  /** What its parcels look like. */
  readonly form: TaskForm;
  /** Hands out models. */
  readonly models: Models;
  /** Takes part in the phases of its masks; undefined where these have none. */
  readonly phases: PhaseHost | undefined;
  /**
   * Takes in what other instances have written, where the store is shared: to be called before somebody
   * is turned away for want of something.
   *
   * @throws {TributaryError} `store-failed`.
   */
  refresh(): Promise<void>;
  /** A model that is kept here, by its version. */
  model(version: number): ModelInfo | undefined;
  /** An enrolled member. */
  member(id: string): MemberRow | undefined;
  /** Whether a member was revoked. */
  isRevoked(id: string): boolean;
  /**
   * Adds a member, or changes its size.
   *
   * @throws {TributaryError} As {@link enrolMember}, or `busy` or `store-failed`.
   */
  enrol(newcomer: Newcomer): Promise<Membership>;
  /** Members and those that were revoked, with ids above `after`, at most a page of them. */
  roster(after: string): readonly ListedMember[];
  /** Keeps the hashes of one-time tokens that were made. */
  issue(hashes: readonly string[], ticket: Ticket): Promise<void>;
  /**
   * Takes a member off the roster for good; doing it again changes nothing. What it has sent in the open
   * round stays in the sum.
   */
  revoke(member: string, revocation: Revocation): Promise<void>;
  /** Begins a graceful end, durably, or takes it back: nobody joins, and no round opens. */
  drain(isDraining: boolean): Promise<void>;
  /** Lets one that was revoked enrol again. */
  restore(member: string): Promise<void>;
  /** Takes a member off the roster; one that is not on it is passed over. */
  leave(member: string, signedS: number): Promise<void>;
  /**
   * A round above `after`, or the end; undefined when `waitMs` ran out or `signal` aborted. A member
   * that asks also hears what it may send.
   */
  round(after: number, options: RoundWait): Promise<RoundInfo | undefined>;
  /**
   * Whether an upload may come, told from its headers alone.
   *
   * @throws {TributaryError} `member-unknown`, `round-unknown`, `round-closed`, `sid-mismatch`,
   * `not-asked`, `update-conflict`, `round-full`, `body-too-long` for more evidence than such a member
   * can have, or `bad-request` if it says what it may not say.
   */
  standing(announced: Announced): Promise<Standing>;
  /** Says that an upload is getting on, so that a write which can wait a moment for it does. */
  progress(): void;
  /**
   * Reads an upload that may come and makes it part of the sum, whole or not at all. One at a time for
   * each member: a newer one ends the older, which gets `busy`.
   *
   * @returns The receipt, once the sum that holds the update is durable.
   * @throws {TributaryError} As {@link ingest}, {@link checkEvidence} and {@link TaskHost.standing}, `busy`, or
   * `store-failed`. Nothing has changed then, but after `store-failed` it may have.
   */
  receive(
    announced: Announced,
    body: ReadableStream<Uint8Array> | null,
  ): Promise<Receipt>;
  /**
   * Reads a piece of an upload that may come, of which more follows.
   *
   * @returns Bytes of its parcel that are here now.
   * @throws {TributaryError} As {@link TaskHost.receive}, or `offset-mismatch`.
   */
  stage(announced: Announced, body: ReadableStream<Uint8Array> | null): Promise<number>;
  /**
   * How much of an update has arrived: bytes of its parcel, after which its sender may go on.
   *
   * @throws {TributaryError} `member-unknown`, or `update-conflict` if another one is in the sum.
   */
  arrived(parcel: StagedParcel): Promise<{ readonly bytes: number; readonly isWhole: boolean }>;
  /** The receipt of an update that is in the sum. */
  receipt(row: UpdateRow): Promise<Receipt>;
  /**
   * Takes a member's word that nothing will come from it; saying so twice changes nothing.
   *
   * @throws {TributaryError} `member-unknown`, `round-unknown`, `round-closed`, `sid-mismatch`,
   * `not-asked`, or `update-conflict` if its update is in the sum.
   */
  abstain(word: AbstentionWord): Promise<void>;
  /** Entries of the round log. */
  log(from: number, limit: number): Promise<LogPage>;
  /** Figures. */
  status(): Status;
}

/** What the check of a signature is told about its sender. */
export async function knownAt(
  host: TaskHost,
  member: string,
): Promise<{ readonly isKnown: boolean; readonly isRevoked: boolean; readonly size: number }> {
  if (host.member(member) === undefined) await host.refresh();
  const row = host.member(member);
  return {
    isKnown: row !== undefined,
    isRevoked: host.isRevoked(member),
    size: row?.size ?? 1,
  };
}
