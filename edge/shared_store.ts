/**
 * What instances of one aggregator need of a store that they share: to hear of each other's writes, to
 * read what was written, and to agree who does what.
 *
 * Nothing of it decides over sums: that is the condition of a write alone. An instance that hears of
 * nothing, or that holds a lease which has passed to another, is slow, not wrong.
 *
 * @module
 */
import type { MemberRow, UpdateRow } from "./store.ts";

/** What one write did to a task's rows; record, log and the bytes of slices are read where they are. */
export interface KeptChange {
  /** Version that the write made. */
  readonly version: number;
  /** Members that were added or replaced. */
  readonly members: readonly MemberRow[];
  /** Ids of members that were removed. */
  readonly removed: readonly string[];
  /** Updates that were added or replaced. */
  readonly updates: readonly UpdateRow[];
  /** Names of slices that were written or removed. */
  readonly slices: readonly string[];
}

/** Something that one instance does at a time, for some time. */
export interface Lease {
  /** What it is, such as `lane/2`. */
  readonly name: string;
  /** Who wants it; no two instances have one name. */
  readonly holder: string;
  /** For how long, in milliseconds of the store's own clock. */
  readonly ms: number;
}

/** What a store offers to instances that share it. */
export interface SharedStore {
  /**
   * Calls `changed` soon after another instance has written to a task, and whenever it may have missed
   * a write, until it is disposed of.
   */
  watch(task: string, changed: () => void): Disposable;
  /**
   * What writes after version `since` changed, in order. Undefined if that reaches further back than
   * is kept: then everything is read again.
   */
  changes(task: string, since: number): Promise<readonly KeptChange[] | undefined>;
  /** Takes a lease that is free or its holder's own, or makes that longer; false if another has it. */
  lease(lease: Lease): Promise<boolean>;
  /** Gives a lease back; one that another holds stays as it is. */
  release(lease: Pick<Lease, "name" | "holder">): Promise<void>;
  /** Names of all leases that are held now, with their holders. */
  leases(): Promise<ReadonlyMap<string, string>>;
  /** True for the first one that claims `key`, false for all others, for `ms` at least. */
  claim(key: string, ms: number): Promise<boolean>;
}
