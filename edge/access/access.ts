/**
 * Whom an aggregator lets in, and whom no more: one-time tokens that were issued, who came with what,
 * and who was revoked. Kept beside the roster, and changed in the same writes.
 *
 * In the store each fact is the name of a slice, so that one listing reads all of them:
 *
 *     access/ticket/<hash>/<last ms>    a token that nobody has come with
 *     access/claim/<hash>/<member>      who came with a token, or as whom
 *     access/revoked/<member>           who may not come again
 *     access/left/<member>/<second>     when a client that left had signed that it does
 *     access/draining                   nobody may come any more
 *
 * @module
 */
import { TributaryError } from "../../src/core/errors.ts";
import type { RoundStore, SliceRow } from "../store.ts";

/** A one-time token, of which the hash is kept. */
export interface Ticket {
  /** Last time at which it is good, Unix milliseconds. */
  readonly lastMs: number;
}

/** When a member left, and which notes are of no use any more. */
export interface LeaveNote {
  /** When it had signed that it leaves, Unix seconds. */
  readonly atS: number;
  /** What was signed before this is refused anyway, Unix seconds. */
  readonly forgottenS: number;
}

/** What is stored; the committer changes it in place, after each write. */
export interface Access {
  /** Tokens that nobody has come with, by hash. */
  readonly tickets: Map<string, Ticket>;
  /** Members that came with a token or as a subject, by its hash. */
  readonly claims: Map<string, ReadonlySet<string>>;
  /** Ids of members that were revoked. */
  readonly revoked: Set<string>;
  /** When clients that left had signed that they do, Unix seconds; as long as signatures are good. */
  readonly left: Map<string, number>;
  /** Whether the aggregator hands its work on and ends. */
  isDraining: boolean;
}

/** Nothing issued, nobody revoked. */
export function emptyAccess(): Access {
  return {
    tickets: new Map(),
    claims: new Map(),
    revoked: new Set(),
    left: new Map(),
    isDraining: false,
  };
}

/** Names of all slices of it begin so. */
export const ACCESS_PREFIX = "access/";
const NOBODY: ReadonlySet<string> = new Set();
const DRAINING = "access/draining";

function ticketName(hash: string, { lastMs }: Ticket): string {
  return `${ACCESS_PREFIX}ticket/${hash}/${lastMs}`;
}

function claimName(hash: string, member: string): string {
  return `${ACCESS_PREFIX}claim/${hash}/${member}`;
}

function revokedName(member: string): string {
  return `${ACCESS_PREFIX}revoked/${member}`;
}

function leftName(member: string, atS: number): string {
  return `${ACCESS_PREFIX}left/${member}/${atS}`;
}

/** Reads what is stored of a task. */
export async function readAccess(store: RoundStore, task: string): Promise<Access> {
  const access = emptyAccess();
  for (const name of await store.sliceNames(task, ACCESS_PREFIX)) {
    const [kind, one = "", other = ""] = name.slice(ACCESS_PREFIX.length).split("/");
    if (kind === "ticket") {
      access.tickets.set(one, { lastMs: Number(other) });
    } else if (kind === "claim") {
      access.claims.set(one, new Set([...access.claims.get(one) ?? NOBODY, other]));
    } else if (kind === "left") {
      access.left.set(one, Number(other));
    } else if (kind === "draining") {
      access.isDraining = true;
    } else if (kind === "revoked") {
      access.revoked.add(one);
    } else {
      throw new TributaryError(
        "store-failed",
        `Cannot read who is let in: the store has ${name}, expected a ticket, claim or revocation`,
      );
    }
  }
  return access;
}

/** Changes to what is stored, seen through by those that come later. */
export class AccessDraft {
  readonly #base: Access;
  readonly #tickets = new Map<string, Ticket | undefined>();
  readonly #claims = new Map<string, ReadonlySet<string>>();
  readonly #revoked = new Map<string, boolean>();
  readonly #left = new Map<string, number | undefined>();
  #isDraining: boolean | undefined;

  /** Changes nothing yet. */
  constructor(base: Access) {
    this.#base = base;
  }

  /** Whether there is anything to write. */
  get isEmpty(): boolean {
    return this.#tickets.size + this.#claims.size + this.#revoked.size + this.#left.size === 0 &&
      this.#isDraining === undefined;
  }

  /** A token that nobody has come with. */
  ticket(hash: string): Ticket | undefined {
    return this.#tickets.has(hash) ? this.#tickets.get(hash) : this.#base.tickets.get(hash);
  }

  /** Who came with a token, or as a subject. */
  holders(hash: string): ReadonlySet<string> {
    return this.#claims.get(hash) ?? this.#base.claims.get(hash) ?? NOBODY;
  }

  /** Whether a member was revoked. */
  isRevoked(member: string): boolean {
    return this.#revoked.get(member) ?? this.#base.revoked.has(member);
  }

  /** When a member that left had signed that it does, Unix seconds. */
  leftS(member: string): number | undefined {
    return this.#left.has(member) ? this.#left.get(member) : this.#base.left.get(member);
  }

  /** Notes that a member left, and forgets those who did before `forgottenS`. */
  noteLeft(member: string, { atS, forgottenS }: LeaveNote): void {
    for (const [id, leftS] of this.#base.left) {
      if (leftS < forgottenS) this.#left.set(id, undefined);
    }
    this.#left.set(member, atS);
  }

  /** Whether nobody may come any more. */
  get isDraining(): boolean {
    return this.#isDraining ?? this.#base.isDraining;
  }

  /** Begins the end, or takes it back. */
  setDraining(isDraining: boolean): void {
    if (isDraining !== this.isDraining) this.#isDraining = isDraining;
  }

  /** Issues a token, and forgets those that are over. */
  issue(hash: string, ticket: Ticket, nowMs: number): void {
    for (const [old, { lastMs }] of this.#base.tickets) {
      if (lastMs < nowMs) this.#tickets.set(old, undefined);
    }
    this.#tickets.set(hash, ticket);
  }

  /** Notes that a member came with a token, which is spent then, or as a subject. */
  claim(hash: string, member: string): void {
    if (this.ticket(hash) !== undefined) this.#tickets.set(hash, undefined);
    this.#claims.set(hash, new Set([...this.holders(hash), member]));
  }

  /** Hands what a member came with on to another, or back to whoever may come with it next. */
  handOn(member: string, to: string | undefined): void {
    for (const hash of new Set([...this.#base.claims.keys(), ...this.#claims.keys()])) {
      const holders = this.holders(hash);
      if (!holders.has(member)) continue;
      const next = new Set(holders);
      next.delete(member);
      if (to !== undefined) next.add(to);
      this.#claims.set(hash, next);
    }
  }

  /** Revokes a member, or takes that back. */
  setRevoked(member: string, revoked: boolean): void {
    this.#revoked.set(member, revoked);
  }

  /** Names of slices to remove, and slices to write. */
  change(): { readonly dropped: readonly string[]; readonly slices: readonly SliceRow[] } {
    const dropped: string[] = [];
    const added: string[] = [];
    for (const [hash, ticket] of this.#tickets) {
      const before = this.#base.tickets.get(hash);
      if (before !== undefined) dropped.push(ticketName(hash, before));
      if (ticket !== undefined) added.push(ticketName(hash, ticket));
    }
    for (const [hash, holders] of this.#claims) {
      const before = this.#base.claims.get(hash) ?? NOBODY;
      for (const id of before) if (!holders.has(id)) dropped.push(claimName(hash, id));
      for (const id of holders) if (!before.has(id)) added.push(claimName(hash, id));
    }
    for (const [member, revoked] of this.#revoked) {
      const wasRevoked = this.#base.revoked.has(member);
      if (wasRevoked && !revoked) dropped.push(revokedName(member));
      if (!wasRevoked && revoked) added.push(revokedName(member));
    }
    for (const [member, atS] of this.#left) {
      const before = this.#base.left.get(member);
      if (before !== undefined) dropped.push(leftName(member, before));
      if (atS !== undefined) added.push(leftName(member, atS));
    }
    if (this.#isDraining === true) added.push(DRAINING);
    if (this.#isDraining === false) dropped.push(DRAINING);
    const kept = new Set(added);
    return {
      dropped: dropped.filter((name) => !kept.has(name)),
      slices: added.map((name) => ({ name, index: 0, bytes: Uint8Array.of(1) })),
    };
  }

  /** Takes the changes into memory, once they are written. */
  applyTo(access: Access): void {
    for (const [hash, ticket] of this.#tickets) {
      if (ticket === undefined) access.tickets.delete(hash);
      else access.tickets.set(hash, ticket);
    }
    for (const [hash, holders] of this.#claims) {
      if (holders.size === 0) access.claims.delete(hash);
      else access.claims.set(hash, holders);
    }
    for (const [member, revoked] of this.#revoked) {
      if (revoked) access.revoked.add(member);
      else access.revoked.delete(member);
    }
    for (const [member, atS] of this.#left) {
      if (atS === undefined) access.left.delete(member);
      else access.left.set(member, atS);
    }
    if (this.#isDraining !== undefined) access.isDraining = this.#isDraining;
  }
}
