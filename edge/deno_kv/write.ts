/**
 * How rows change: all of one write at once, or none of it.
 *
 * @module
 */
import { utf8 } from "../../src/core/bytes.ts";
import type { SliceRow, StoreChange } from "../store.ts";
import type { Batch, Blobs, Staged } from "./blobs.ts";
import { addChanges, encodeChanges, fitsAtomic, type KvChange } from "./change.ts";
import { type KvDatabase, type KvKey, MOST_READ } from "./database.ts";
import { type Head, type SettledHead, settledHead, type StoredHead } from "./head.ts";
import type { Keys } from "./keys.ts";
import { keptChanges } from "./shared.ts";
import { decodeSliceRow, encodeSliceRow } from "./slice_row.ts";

/** What writing works with. */
export interface KvWorld {
  /** The database. */
  readonly kv: KvDatabase;
  /** Its chunks. */
  readonly blobs: Blobs;
  /** Its keys. */
  readonly keys: Keys;
}

/** Longest slice, and record, that is kept in a value beside its name; longer ones are chunks. */
const INLINE_BYTES = 8 << 10;

/** What a head takes beside its record, at most. */
const HEAD_BYTES = 1024;

/**
 * Writes a change of a task whose head was read.
 *
 * @returns Whether it happened; false if another writer was first.
 * @throws If it took so long that its chunks were swept away.
 */
export async function writeChange(
  world: KvWorld,
  task: string,
  { mark, head, change }: SettledHead & { readonly change: StoreChange },
): Promise<boolean> {
  const { kv, blobs } = world;
  const version = head?.version ?? 0;
  const batch = blobs.begin();
  const rows = [
    ...await rowChanges(world, task, { change, batch }),
    ...keptChanges(world.keys, task, { version: version + 1, change }),
  ];
  const text = utf8(JSON.stringify(change.record));
  const record = text.length <= INLINE_BYTES ? text : batch.add(text);
  if (head !== undefined && !(head.record instanceof Uint8Array)) {
    rows.push(...blobs.removal(head.record));
  }
  const next: Head = { version: version + 1, record };
  const room: KvChange = { key: mark.key, bytes: new Uint8Array(INLINE_BYTES + HEAD_BYTES) };
  const commit = async (
    stored: StoredHead,
    changes: readonly KvChange[],
    staged: readonly Staged[],
  ) => {
    const atomic = addChanges(kv.atomic().check(mark), changes).set(mark.key, stored);
    for (const { mark } of staged) atomic.check(mark).delete(mark.key);
    if ((await atomic.commit()).ok) return true;
    for (const one of staged) await one.drop();
    const now = await settledHead(kv, blobs, mark.key);
    if ((now.head?.version ?? 0) !== version) return false;
    throw new Error("what was staged is gone: it took too long");
  };

  if (fitsAtomic([...batch.chunks, ...rows, room])) {
    return await commit(next, [...batch.chunks, ...rows], []);
  }
  const staged = batch.chunks.length === 0 ? [] : [await batch.stage()];
  if (fitsAtomic([...rows, room])) return await commit(next, rows, staged);
  const later = blobs.begin();
  const journal = later.add(encodeChanges(rows));
  staged.push(await later.stage());
  if (!await commit({ ...next, journal }, [], staged)) return false;
  // It has happened; here it is also carried out.
  await settledHead(kv, blobs, mark.key);
  return true;
}

/** Stores slices outside of any condition, one after the other. */
export async function putSlices(
  world: KvWorld,
  task: string,
  slices: readonly SliceRow[],
): Promise<void> {
  const { kv, blobs } = world;
  for (const slice of slices) {
    const batch = blobs.begin();
    const rows = await sliceChanges(world, task, { slices: [slice], batch });
    if (fitsAtomic([...batch.chunks, ...rows])) {
      await addChanges(kv.atomic(), [...batch.chunks, ...rows]).commit();
      continue;
    }
    const { mark } = await batch.stage();
    const atomic = addChanges(kv.atomic().check(mark), rows).delete(mark.key);
    if (!(await atomic.commit()).ok) throw new Error("what was staged is gone: it took too long");
  }
}

/** What removes all slices of a name, and their chunks. */
export async function dropChanges(
  { kv, blobs, keys }: KvWorld,
  task: string,
  name: string,
): Promise<KvChange[]> {
  const changes: KvChange[] = [];
  for await (const { key, value } of kv.list({ prefix: keys.slice(task, name) })) {
    changes.push({ key: key as KvKey }, ...chunkRemovals(blobs, value));
  }
  return changes;
}

/** What a write changes besides the head, each entry once: what comes later in it counts. */
async function rowChanges(
  world: KvWorld,
  task: string,
  { change, batch }: { readonly change: StoreChange; readonly batch: Batch },
): Promise<KvChange[]> {
  const { kv, keys } = world;
  const { members = [], removed = [], updates = [], slices = [], log = [] } = change;
  const changes: KvChange[] = [];
  const set = (key: KvKey, row: unknown) => changes.push({ key, bytes: utf8(JSON.stringify(row)) });
  for (const id of removed) changes.push({ key: keys.member(task, id) });
  for (const row of members) set(keys.member(task, row.id), row);
  const { dropUpdatesBefore } = change;
  if (dropUpdatesBefore !== undefined) {
    const range = { start: keys.update(task), end: keys.update(task, dropUpdatesBefore) };
    for await (const { key } of kv.list(range)) changes.push({ key: key as KvKey });
  }
  for (const row of updates) set(keys.update(task, row.round, row.member), row);
  for (const name of change.dropSlices ?? []) {
    changes.push(...await dropChanges(world, task, name));
  }
  changes.push(...await sliceChanges(world, task, { slices, batch }));
  for (const { seq, entry } of log) {
    const key = keys.log(task, seq);
    if ((await kv.get(key)).versionstamp !== null) throw new Error(`there is a log entry ${seq}`);
    set(key, entry);
  }
  return lastOfEach(changes);
}

/** What stores slices, and removes the chunks of those that they replace. */
async function sliceChanges(
  { kv, blobs, keys }: KvWorld,
  task: string,
  { slices, batch }: { readonly slices: readonly SliceRow[]; readonly batch: Batch },
): Promise<KvChange[]> {
  const changes: KvChange[] = [];
  const keyed = slices.map((slice) => ({
    ...slice,
    key: keys.slice(task, slice.name, slice.index),
  }));
  for (let at = 0; at < keyed.length; at += MOST_READ) {
    const part = keyed.slice(at, at + MOST_READ);
    for (const { value } of await kv.getMany(part.map(({ key }) => key))) {
      changes.push(...chunkRemovals(blobs, value));
    }
  }
  const last = new Map(keyed.map((slice) => [nameOf(slice.key), slice]));
  for (const { key, bytes } of last.values()) {
    const holding = bytes.length <= INLINE_BYTES
      ? { kind: "bytes", bytes } as const
      : { kind: "blob", blob: batch.add(bytes) } as const;
    changes.push({ key, bytes: encodeSliceRow(holding) });
  }
  return changes;
}

function chunkRemovals(blobs: Blobs, row: unknown): readonly KvChange[] {
  if (!(row instanceof Uint8Array)) return [];
  const holding = decodeSliceRow(row);
  return holding.kind === "blob" ? blobs.removal(holding.blob) : [];
}

function lastOfEach(changes: readonly KvChange[]): KvChange[] {
  return [...new Map(changes.map((change) => [nameOf(change.key), change])).values()];
}

function nameOf(key: KvKey): string {
  return JSON.stringify(key);
}
