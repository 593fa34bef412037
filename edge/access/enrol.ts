/**
 * The job of an enrolment: what is decided in the very write that takes a member in.
 *
 * @module
 */
import { TributaryError } from "../../src/core/errors.ts";
import type { Enrolment } from "../../src/wire/party.ts";
import type { Admission } from "./admission.ts";
import type { Draft } from "../task/draft.ts";
import { drainingError } from "../region/draining.ts";
import type { MemberRow } from "../store.ts";
import { checkRosterSize, enrolledMember } from "../task/word_rules.ts";

/** Who enrols, and as what. */
export interface Newcomer {
  /** Its id. */
  readonly member: string;
  /** What it says of itself. */
  readonly enrolment: Enrolment;
  /** What was decided about it; undefined for one that is on the roster, who is asked for nothing. */
  readonly admission: Admission | undefined;
  /** When it had signed that it enrols, Unix seconds. */
  readonly signedS: number;
  /** Id of the member that has handed its place on to this one. */
  readonly succeeds?: string | undefined;
}

/**
 * Takes a member in, or changes its size. Doing it again changes nothing.
 *
 * @throws {TributaryError} `member-revoked`, `draining`, `member-refused`, `token-spent`, `request-replayed` for what arrives after it left, or `member-unknown` if it
 * was on the roster and is no more. The draft is unchanged then.
 */
export function enrolMember(draft: Draft, newcomer: Newcomer): void {
  const { member, enrolment, admission, signedS, succeeds } = newcomer;
  const { kind, size, publicKey } = enrolment;
  checkNotRevoked(draft, member);
  if (draft.access.isDraining) throw drainingError();
  if (signedS < (draft.access.leftS(member) ?? 0)) {
    throw new TributaryError(
      "request-replayed",
      `Cannot enrol ${member}: it has left since it signed this`,
    );
  }
  const old = succeeds === undefined ? undefined : draft.member(succeeds);
  if (old !== undefined && old.kind === kind) {
    return takeOver(draft, old, { id: member, publicKey, kind, size });
  }
  const before = draft.member(member);
  if (admission === undefined) enrolledMember(before, member);
  checkRosterSize(draft.round.roster.clients - (before?.size ?? 0) + size);
  if (admission !== undefined) admit(draft, { member, admission });
  draft.setMember(member, { id: member, publicKey, kind, size });
}

/** Puts a member in the place of one that has handed it on, which is no member from then on. */
function takeOver(draft: Draft, old: MemberRow, row: MemberRow): void {
  const before = draft.member(row.id)?.size ?? 0;
  checkRosterSize(draft.round.roster.clients - old.size - before + row.size);
  draft.setMember(old.id, undefined);
  draft.access.handOn(old.id, row.id);
  draft.setMember(row.id, row);
}

/**
 * Refuses one that was revoked, whatever it comes with.
 *
 * @throws {TributaryError} `member-revoked`.
 */
function checkNotRevoked({ access }: Draft, member: string): void {
  if (!access.isRevoked(member)) return;
  throw new TributaryError("member-revoked", `Cannot enrol ${member}: it was revoked`);
}

function admit(
  { access, nowMs }: Draft,
  { member, admission }: { readonly member: string; readonly admission: Admission },
): void {
  switch (admission.kind) {
    case "admitted":
      return;
    case "refused":
      return refuse(member, "this aggregator does not admit it");
    case "ticket": {
      const { hash } = admission;
      const holders = access.holders(hash);
      // The answer to its first try may have been lost.
      if (holders.has(member)) return;
      if (holders.size > 0) return spent(member, "its one-time token let another member in");
      const ticket = access.ticket(hash);
      if (ticket === undefined) {
        return refuse(member, "its one-time token was not issued here for one of its kind");
      }
      if (ticket.lastMs < nowMs) return refuse(member, "its one-time token is over");
      return access.claim(hash, member);
    }
    case "subject": {
      const { hash, members } = admission;
      const holders = access.holders(hash);
      if (holders.has(member)) return;
      if (holders.size >= members) {
        return spent(
          member,
          `its token's subject has ${holders.size} members, expected at most ${members}`,
        );
      }
      return access.claim(hash, member);
    }
    default:
      throw admission satisfies never;
  }
}

function refuse(member: string, found: string): never {
  throw new TributaryError("member-refused", `Cannot enrol ${member}: ${found}`);
}

function spent(member: string, found: string): never {
  throw new TributaryError("token-spent", `Cannot enrol ${member}: ${found}`);
}
