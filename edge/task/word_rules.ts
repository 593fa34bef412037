/**
 * What a member may say in a round, held against what is stored of it.
 *
 * @module
 */
import { TributaryError } from "../../src/core/errors.ts";
import type { Share } from "../../src/wire/sampling.ts";
import type { UpdateHead } from "../../src/wire/update_headers.ts";
import type { MemberShare } from "./shares.ts";
import type { MemberRow, UpdateRow } from "../store.ts";

/** What a member is told that is not asked. */
export const NO_SHARE: MemberShare = { clients: 0, enough: 0, group: 0 };

/** Who speaks, about which round. */
export interface Word {
  /** Number of the round. */
  readonly round: number;
  /** Id of the member. */
  readonly member: string;
}

/**
 * A member's row; refuses one that is not enrolled.
 *
 * @throws {TributaryError} `member-unknown`.
 */
export function enrolledMember(row: MemberRow | undefined, member: string): MemberRow {
  if (row !== undefined) return row;
  throw new TributaryError(
    "member-unknown",
    `Cannot hear ${member}: it is not enrolled, expected a member`,
  );
}

/** Most clients below one aggregator: a sample is drawn from so many, and sizes are only claimed. */
const MOST_CLIENTS = 2 ** 31;

/**
 * Checks that a roster stays one that a sample can be drawn from.
 *
 * @param clients What its members' sizes add up to.
 * @throws {TributaryError} `member-refused`.
 */
export function checkRosterSize(clients: number): void {
  if (clients <= MOST_CLIENTS) return;
  throw new TributaryError(
    "member-refused",
    `Cannot enrol: members would stand for ${clients} clients, expected at most ${MOST_CLIENTS}`,
  );
}

/**
 * Checks that a client speaks for itself alone, and that a region says for whom.
 *
 * @throws {TributaryError} `bad-request`.
 */
export function checkSpeaker(
  { kind }: Pick<MemberRow, "kind">,
  head: Pick<UpdateHead, "clients" | "members">,
): void {
  const fits = kind === "client"
    ? head.clients === 1 && head.members === undefined
    : head.members !== undefined;
  if (fits) return;
  const expected = kind === "client"
    ? "Tributary-Clients: 1 and no Tributary-Members from a client"
    : "Tributary-Members from a region";
  throw new TributaryError("bad-request", `Cannot take an update: expected ${expected}`);
}

/**
 * A row that has an update's digest.
 *
 * @throws {TributaryError} `update-conflict` if it has another.
 */
export function sameUpdate(row: UpdateRow, digest: string): UpdateRow {
  if (row.digest === digest) return row;
  throw new TributaryError(
    "update-conflict",
    `Cannot take an update for round ${row.round}: another one of its sender is in the sum already`,
  );
}

/**
 * Checks that an update stands for no more clients than its member may send.
 *
 * @throws {TributaryError} `not-asked`, `update-conflict` if it has abstained, or `bad-request`.
 */
export function checkShare(
  share: Share | undefined,
  { round, member, clients }: Word & { readonly clients: number },
): void {
  const { clients: most } = askedShare(share, { round, member });
  if (most === 0) {
    throw new TributaryError(
      "update-conflict",
      `Cannot take an update for round ${round}: its sender has said that it has none`,
    );
  }
  if (clients > most) {
    throw new TributaryError(
      "bad-request",
      `Cannot take an update for round ${round}: it says it is for ${clients} clients, ` +
        `expected at most ${most}`,
    );
  }
}

/**
 * The share of a member that a round asks.
 *
 * @throws {TributaryError} `not-asked`.
 */
export function askedShare<T extends Share>(share: T | undefined, { round, member }: Word): T {
  if (share !== undefined) return share;
  throw new TributaryError(
    "not-asked",
    `Cannot hear ${member} in round ${round}: the round does not ask it, expected one that it asks`,
  );
}

/**
 * Checks that a member that abstains has not sent anything.
 *
 * @throws {TributaryError} `update-conflict`.
 */
export function checkNothingSent(row: UpdateRow | undefined): void {
  if (row === undefined) return;
  throw new TributaryError(
    "update-conflict",
    `Cannot abstain from round ${row.round}: an update of this member is in the sum already`,
  );
}
