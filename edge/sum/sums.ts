/**
 * The sums of a round, one for each group that updates have come to.
 *
 * @module
 */
import type { SliceRow } from "../store.ts";
import { createSum, type Parcel, type Sum, type SumOptions } from "./sum.ts";

/** A parcel, and the group whose sum it is added to. */
export interface GroupParcel {
  /** Number of the group; 0 where a round has one sum. */
  readonly group: number;
  /** The parcel. */
  readonly parcel: Parcel;
}

/** Which parcels are added to which sums. */
export interface SumsAddition {
  /** Names of the sums so far, by group. */
  readonly from: Readonly<Record<number, string>>;
  /** What to add. */
  readonly parcels: readonly GroupParcel[];
  /** A name for the new sum of a group; unused before. */
  nameOf(group: number): string;
}

/** What an addition makes. */
export interface NextSums {
  /** Names of all sums, by group. */
  readonly sums: Readonly<Record<number, string>>;
  /** Slices for the write that refers to those names, valid until the next call. */
  readonly rows: readonly SliceRow[];
}

/** Adds parcels; owned by one serial caller. */
export interface Sums extends Disposable {
  /** Adds parcels to the stored sums of their groups. */
  add(addition: SumsAddition): Promise<NextSums>;
}

/** What the sums of a task's rounds are made of. */
export interface SumsOptions extends SumOptions {
  /** Most groups of a round, at least 1: held sums share the memory. */
  readonly groups: number;
}

/** Makes what adds a task's parcels, here or elsewhere: whoever calls it disposes of what it gets. */
export type SumsOf = (options: SumsOptions) => Sums;

/** The sums of a task's rounds; nothing is read before the first call. */
export function createSums(options: SumsOptions): Sums {
  const { groups, heldBytes, bytes } = options;
  // Sums that are too long to be all held are read slice by slice, by one that holds none.
  const areHeld = bytes * groups <= heldBytes;
  const held = new Map<number, Sum>();

  function sumOf(group: number): Sum {
    const at = areHeld ? group : 0;
    const sum = held.get(at) ?? createSum({ ...options, heldBytes: areHeld ? heldBytes : 0 });
    held.set(at, sum);
    return sum;
  }

  return {
    async add({ from, parcels, nameOf }) {
      const sums: Record<number, string> = { ...from };
      const rows: SliceRow[] = [];
      for (const group of new Set(parcels.map((it) => it.group))) {
        const to = nameOf(group);
        const added = parcels.filter((it) => it.group === group).map(({ parcel }) => parcel);
        rows.push(...await sumOf(group).add({ from: from[group], to, parcels: added }));
        sums[group] = to;
      }
      return { sums, rows };
    },
    [Symbol.dispose]() {
      for (const sum of held.values()) sum[Symbol.dispose]();
      held.clear();
    },
  };
}
