/**
 * The groups of a masked round: which of the root's members are summed together, and what is left
 * when some sums could not be opened.
 *
 * @module
 */
import type { Digest } from "../core/digest.ts";
import type { LoggedGroup } from "../wire/log_groups.ts";
import { sampleFractions } from "./fraction.ts";

/** A member of the root that a round asks. */
export interface GroupMember {
  /** Its id. */
  readonly id: string;
  /** Clients that are expected of it. */
  readonly clients: number;
}

/** What groups are made by. */
export interface GroupOptions {
  /** Session id of the round, hex. */
  readonly sid: string;
  /** Most groups. */
  readonly most: number;
  /** Fewest clients that a sum is opened for. */
  readonly min: number;
  /** SHA-256. */
  readonly digest: Digest;
}

/** Clients that each of several groups expects, for each one that it needs: a third may be lost. */
const RESERVE = 1.5;

/**
 * The group of each member, from 0: as many groups as leave each half as many clients again as a sum
 * needs, of about the same size. One group where that cannot be.
 *
 * The same for the same members and sid, in whatever order they are listed. Who is grouped with whom
 * follows from the sid, so that nobody knows before it is drawn.
 */
export async function assignGroups(
  members: Iterable<GroupMember>,
  { sid, most, min, digest }: GroupOptions,
): Promise<ReadonlyMap<string, number>> {
  const fractionOf = sampleFractions(sid, digest);
  const drawn = await Promise.all(
    Array.from(members, async (member) => ({ ...member, fraction: await fractionOf(member.id) })),
  );
  // The largest first, so that what is left evens out; equals in the order of the draw.
  drawn.sort((a, b) => b.clients - a.clients || a.fraction - b.fraction);
  const all = drawn.reduce((sum, { clients }) => sum + clients, 0);
  for (let count = Math.min(most, Math.floor(all / (RESERVE * min))); count > 1; count--) {
    const sizes = new Array<number>(count).fill(0);
    const groups = new Map<string, number>();
    for (const { id, clients } of drawn) {
      const group = sizes.indexOf(Math.min(...sizes));
      sizes[group] = (sizes[group] ?? 0) + clients;
      groups.set(id, group);
    }
    if (Math.min(...sizes) >= RESERVE * min) return groups;
  }
  return new Map(drawn.map(({ id }) => [id, 0]));
}

/** Updates and clients in the groups that were opened. */
export function openedCounts(
  groups: readonly LoggedGroup[],
): { readonly updates: number; readonly clients: number } {
  const opened = groups.filter(({ outcome }) => outcome === "opened");
  return {
    updates: opened.reduce((sum, { updates }) => sum + updates, 0),
    clients: opened.reduce((sum, { clients }) => sum + clients, 0),
  };
}
