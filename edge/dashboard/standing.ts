/**
 * How the members of a task stand to its round: who has sent, who is waited for, who is late.
 *
 * @module
 */
import type { Presence } from "../presence.ts";
import type { MemberShare } from "../shares.ts";
import type { MemberRow, UpdateRow } from "../store.ts";

/** How a member stands to the round. */
export type Stand =
  /** Its update is in the sum. */
  | "sent"
  /** It is asked, and there. */
  | "awaited"
  /** It is asked, and takes longer than others have of late. */
  | "late"
  /** It has said that it has nothing to send. */
  | "abstained"
  /** It waits for a round, or is not asked in this one. */
  | "ready"
  /** It has not been heard of for a while. */
  | "away";

/** Every {@link Stand}, in the order in which to tell them. */
export const STANDS: readonly Stand[] = ["sent", "awaited", "late", "abstained", "ready", "away"];

/** A member and how it stands. */
export interface StandingMember {
  /** Id of the member. */
  readonly id: string;
  /** A device, or an aggregator with some below it. */
  readonly kind: "client" | "region";
  /** Clients that stand behind it. */
  readonly size: number;
  /** Clients in its update, once it is in the sum. */
  readonly clients: number;
  /** How it stands. */
  readonly stand: Stand;
}

/** What tells how members stand. */
export interface StandingFacts {
  /** The roster. */
  readonly members: ReadonlyMap<string, MemberRow>;
  /** Updates in the round's sum. */
  readonly updates: ReadonlyMap<string, UpdateRow>;
  /** Who is asked. */
  readonly shares: ReadonlyMap<string, MemberShare>;
  /** Who is there. */
  readonly presence: Pick<Presence, "of">;
  /** Whether the round takes updates. */
  readonly isOpen: boolean;
  /** Whether it has been open for so long that those who are missing are late. */
  readonly isLate: boolean;
}

/** How every member stands; regions first, the largest ones first. */
export function standingsOf(facts: StandingFacts): StandingMember[] {
  const { members, updates } = facts;
  const all = Array.from(members.values(), ({ id, kind, size }) => ({
    ...{ id, kind, size },
    clients: updates.get(id)?.clients ?? 0,
    stand: standOf(id, facts),
  }));
  const rank = ({ kind }: StandingMember) => kind === "region" ? 0 : 1;
  return all.sort((a, b) => rank(a) - rank(b) || b.size - a.size || (a.id < b.id ? -1 : 1));
}

function standOf(id: string, { updates, shares, presence, isOpen, isLate }: StandingFacts): Stand {
  if (updates.has(id)) return "sent";
  const isThere = presence.of(id) > 0;
  const share = shares.get(id);
  if (!isOpen || share === undefined) return isThere ? "ready" : "away";
  if (share.clients === 0) return "abstained";
  return isLate ? "late" : "awaited";
}

/** Shortest time after which a member may be late: below it differences are chance. */
const LEAST_MS = 2000;

/**
 * Milliseconds after a round's opening from which on a member that is missing is late: twice as long
 * as the longest of the last rounds took, and at the latest when three quarters of its time are over.
 *
 * @param lastMs What the last rounds took.
 */
export function lateAfterMs(windowMs: number, lastMs: readonly number[]): number {
  const most = windowMs * 0.75;
  return lastMs.length === 0 ? most : Math.min(most, Math.max(LEAST_MS, 2 * Math.max(...lastMs)));
}

/** How many members stand how, and how many clients those are. */
export function countStands(members: readonly StandingMember[]): Map<Stand, number> {
  const counts = new Map<Stand, number>();
  for (const { stand } of members) counts.set(stand, (counts.get(stand) ?? 0) + 1);
  return counts;
}
