/**
 * Where an aggregator keeps what must outlive it.
 *
 * A store knows no arithmetic and no protocol. It has one commit point, {@link RoundStore.write}: a
 * conditional write of everything that changes together. Whatever is too large to travel in one
 * write is {@link RoundStore.put} first, under a name that nothing reads until a write refers to it.
 *
 * @module
 */
import type { Json } from "../src/core/json.ts";
import type { SharedStore } from "./shared_store.ts";

/** Most bytes in one slice; every platform can hold that in one row. */
export const MAX_SLICE_BYTES: number = 1 << 20;

/** The record of a task, and how often it was written. */
export interface StoredRecord {
  /** Counts the writes of this task, from 1. */
  readonly version: number;
  /** What the aggregator last wrote. */
  readonly record: Json;
}

/** A member of the roster: who may send, or change its membership. */
export interface MemberRow {
  /** Identity id of the member. */
  readonly id: string;
  /** Raw Ed25519 public key, base64url. */
  readonly publicKey: string;
  /** A leaf of the tree, or an aggregator with members of its own. */
  readonly kind: "client" | "region";
  /** Clients that stand behind it: 1 for a client. */
  readonly size: number;
}

/** An update that is part of a round's sum. */
export interface UpdateRow {
  /** Number of the round. */
  readonly round: number;
  /** Who sent it. */
  readonly member: string;
  /** Place in the order of arrival, from 0; unique in the round. */
  readonly position: number;
  /** Tree digest of the parcel, lower-case hex. */
  readonly digest: string;
  /** The round's session id, which the receipt names. */
  readonly sid: string;
  /** Clients whose updates it sums: 1 from a client. */
  readonly clients: number;
  /** Merkle root of the ids it holds, lower-case hex; from regions only. */
  readonly members?: string;
  /** Group of a masked round whose sum it is in; absent where a round has one sum. */
  readonly group?: number;
  /** Where the evidence of a masked parcel is, and how long it is. */
  readonly evidence?: { readonly name: string; readonly bytes: number };
}

/** One slice of something named: a model, an accumulator, an upload that waits. */
export interface SliceRow {
  /** What it is a part of, by convention a path such as `sum/12/3`. */
  readonly name: string;
  /** Place in it, from 0. */
  readonly index: number;
  /** At most {@link MAX_SLICE_BYTES} bytes. */
  readonly bytes: Uint8Array;
}

/** An entry of the round log, as signed. */
export interface LogRow {
  /** Place in the log, from 0. */
  readonly seq: number;
  /** The entry. */
  readonly entry: Json;
}

/** What one write changes, all of it or nothing. */
export interface StoreChange {
  /** The task's next record. */
  readonly record: Json;
  /** Members to add or replace. */
  readonly members?: readonly MemberRow[];
  /** Ids of members to remove; those unknown are passed over. */
  readonly removed?: readonly string[];
  /** Updates to add or replace. */
  readonly updates?: readonly UpdateRow[];
  /** Slices to add or replace. */
  readonly slices?: readonly SliceRow[];
  /** Entries to append. */
  readonly log?: readonly LogRow[];
  /** Removes the updates of every round before this one. */
  readonly dropUpdatesBefore?: number;
  /** Removes all slices of these names. */
  readonly dropSlices?: readonly string[];
}

/**
 * Durable state of the tasks of one aggregator.
 *
 * Every method may reject with a `TributaryError` of code `store-failed`; a write that rejected may
 * or may not have happened, so that its caller must read again.
 */
export interface RoundStore extends AsyncDisposable {
  /** Longest parcel that it is made for; tasks with longer ones are refused. Any if absent. */
  readonly mostBytes?: number;
  /** Digests of the tasks that have a record, in ascending order. */
  tasks(): Promise<readonly string[]>;
  /** The record of a task, or nothing before its first write. */
  read(task: string): Promise<StoredRecord | undefined>;
  /**
   * Applies `change` if the task's version is still `expected` (0 when it has no record), and makes
   * `expected + 1` of it. Durable, all of it, when it resolves to true; without any effect when it
   * resolves to false.
   */
  write(task: string, expected: number, change: StoreChange): Promise<boolean>;
  /** One member of the roster. */
  member(task: string, id: string): Promise<MemberRow | undefined>;
  /** The whole roster, by ascending id. */
  members(task: string): Promise<readonly MemberRow[]>;
  /** A member's update of a round. */
  update(task: string, round: number, member: string): Promise<UpdateRow | undefined>;
  /** All updates of a round, by position. */
  updates(task: string, round: number): Promise<readonly UpdateRow[]>;
  /** One slice. The bytes are the caller's to keep, not to change. */
  slice(task: string, name: string, index: number): Promise<Uint8Array | undefined>;
  /**
   * Gives back the memory of a slice that nobody reads any more; where left out, that is found by itself,
   * sooner or later.
   */
  release?(slice: Uint8Array): void;
  /** Names that have slices and begin with `prefix`, in ascending order. */
  sliceNames(task: string, prefix: string): Promise<readonly string[]>;
  /**
   * Stores slices that no write has referred to yet, outside of any condition. They are durable no
   * later than the write that refers to them.
   */
  put(task: string, slices: readonly SliceRow[]): Promise<void>;
  /** Removes all slices of a name that no record refers to. */
  drop(task: string, name: string): Promise<void>;
  /** At most `limit` log entries from `from` on, by place. */
  log(task: string, from: number, limit: number): Promise<readonly LogRow[]>;
  /**
   * Only of a store that several instances of one aggregator may have open at once, all with the same
   * identity: what they need to work side by side.
   */
  readonly shared?: SharedStore;
}

/**
 * Checks what every store refuses.
 *
 * @throws {RangeError} If a slice is longer than {@link MAX_SLICE_BYTES}.
 */
export function checkSlice({ name, bytes }: SliceRow): void {
  if (bytes.length > MAX_SLICE_BYTES) {
    throw new RangeError(
      `Cannot store a slice of ${name}: ${bytes.length} bytes, expected at most ${MAX_SLICE_BYTES}`,
    );
  }
}
