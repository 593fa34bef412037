/**
 * How the members of a task stand to its round: who has sent, who is waited for, who is late.
 *
 * @module
 */
import type { ObservedMember } from "../observer.ts";

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
export interface StandingMember extends ObservedMember {
  /** How it stands. */
  readonly stand: Stand;
}

/** Where the round stands. */
export interface RoundStand {
  /** Whether it takes updates. */
  readonly isOpen: boolean;
  /** Whether it has been open for so long that those who are missing are late. */
  readonly isLate: boolean;
}

/** How every member stands; regions first, the largest ones first. */
export function standingsOf(
  members: readonly ObservedMember[],
  round: RoundStand,
): StandingMember[] {
  const rank = ({ kind }: ObservedMember) => kind === "region" ? 0 : 1;
  return members.map((member) => ({ ...member, stand: standOf(member, round) }))
    .sort((a, b) => rank(a) - rank(b) || b.size - a.size || (a.id < b.id ? -1 : 1));
}

function standOf({ sent, share, isThere }: ObservedMember, { isOpen, isLate }: RoundStand): Stand {
  if (sent !== undefined) return "sent";
  if (!isOpen || share === undefined) return isThere ? "ready" : "away";
  if (share === 0) return "abstained";
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
