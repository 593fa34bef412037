/**
 * A store in Deno KV, for small models: what is longer than a value of 64 KiB is cut in chunks, and a
 * sum is written anew with each commit.
 *
 * Durability is the database's: a change that it has confirmed is kept. {@link RoundStore.write} has
 * one commit point, the task's head. Instances of one region may share the database, as isolates of
 * Deno Deploy do: of those that write at one version exactly one does.
 *
 * @module
 */
import { type Clock, systemClock } from "../../src/core/clock.ts";
import type { Json } from "../../src/core/json.ts";
import { type RandomSource, systemRandom } from "../../src/core/random.ts";
import { checkSlice, type MemberRow, type RoundStore, type UpdateRow } from "../store.ts";
import { createBlobs } from "./blobs.ts";
import { addChanges, partsOf } from "./change.ts";
import type { KvDatabase, KvEntry, KvSelector } from "./database.ts";
import { guard } from "./guard.ts";
import { readSteady, settledHead } from "./head.ts";
import { keysUnder } from "./keys.ts";
import { createShared } from "./shared.ts";
import { decodeSliceRow } from "./slice_row.ts";
import { dropChanges, type KvWorld, putSlices, writeChange } from "./write.ts";

/** Which database, and how much of it. */
export interface DenoKvStoreOptions {
  /** The database, such as `await Deno.openKv()`; closed with the store. */
  readonly kv: KvDatabase;
  /** First part of all keys; `tributary` by default. One for each region that shares the database. */
  readonly prefix?: string;
  /** Longest parcel that is kept; {@link DENO_KV_BYTES} by default. Tasks with longer ones are refused. */
  readonly mostBytes?: number;
  /** The platform's by default. */
  readonly clock?: Clock;
  /** The platform's by default. */
  readonly random?: RandomSource;
}

/** Longest parcel that a store in Deno KV keeps unless it is told otherwise: 4 MiB, a million values. */
export const DENO_KV_BYTES: number = 4 << 20;

/**
 * Opens a store.
 *
 * @throws {TributaryError} `store-failed` if the database is out of reach.
 *
 * @example A store in a database of its own
 * ```ts ignore
 * await using store = await denoKvStore({ kv: await Deno.openKv("region.kv") });
 * ```
 */
export async function denoKvStore(options: DenoKvStoreOptions): Promise<RoundStore> {
  const { kv, prefix = "tributary", clock = systemClock(), random = systemRandom } = options;
  const blobs = createBlobs(kv, { prefix, clock, random });
  const keys = keysUnder(prefix);
  const world: KvWorld = { kv, blobs, keys };
  const settled = (task: string) => settledHead(kv, blobs, keys.head(task));
  const steady = <T>(task: string, what: string, read: () => Promise<T>) =>
    guard(what, () => readSteady(kv, blobs, { key: keys.head(task), read }));
  await guard("open the store", () => blobs.sweep());

  return {
    mostBytes: options.mostBytes ?? DENO_KV_BYTES,
    shared: createShared(kv, { keys, clock }),
    tasks: () =>
      guard("list tasks", async () => {
        const found = await entriesOf(kv, { prefix: keys.heads });
        return found.map(({ key }) => String(key.at(-1)));
      }),
    read: (task) =>
      guard("read a record", async () => {
        for (let seen = -1;;) {
          const { head } = await settled(task);
          if (head === undefined) return undefined;
          const { version, record } = head;
          const bytes = record instanceof Uint8Array ? record : await blobs.read(record);
          if (bytes !== undefined) return { version, record: parsed<Json>(bytes) };
          // The next write has replaced it, or else it is lost.
          if (version === seen) throw new Error("the record's chunks are gone");
          seen = version;
        }
      }),
    write: (task, expected, change) =>
      guard("write a record", async () => {
        for (const slice of change.slices ?? []) checkSlice(slice);
        const head = await settled(task);
        if ((head.head?.version ?? 0) !== expected) return false;
        return await writeChange(world, task, { ...head, change });
      }),
    member: (task, id) =>
      steady(task, "read a member", async () => {
        const { value } = await kv.get(keys.member(task, id));
        return value === null ? undefined : parsed<MemberRow>(value);
      }),
    members: (task) =>
      steady(task, "read members", async () => {
        const found = await entriesOf(kv, { prefix: keys.member(task) });
        return found.map(({ value }) => parsed<MemberRow>(value));
      }),
    update: (task, round, member) =>
      steady(task, "read an update", async () => {
        const { value } = await kv.get(keys.update(task, round, member));
        return value === null ? undefined : parsed<UpdateRow>(value);
      }),
    updates: (task, round) =>
      steady(task, "read updates", async () => {
        const found = await entriesOf(kv, { prefix: keys.update(task, round) });
        const rows = found.map(({ value }) => parsed<UpdateRow>(value));
        return rows.sort((a, b) => a.position - b.position);
      }),
    slice: (task, name, index) =>
      steady(task, "read a slice", () => readSlice(world, task, { name, index })),
    sliceNames: (task, start) => steady(task, "list slices", () => namesFrom(world, task, start)),
    put: (task, slices) =>
      guard("stage slices", async () => {
        for (const slice of slices) checkSlice(slice);
        await settled(task);
        await putSlices(world, task, slices);
      }),
    drop: (task, name) =>
      guard("drop slices", async () => {
        await settled(task);
        for (const part of partsOf(await dropChanges(world, task, name))) {
          await addChanges(kv.atomic(), part).commit();
        }
      }),
    log: (task, from, limit) =>
      steady(task, "read the log", async () => {
        const prefix = keys.log(task);
        const selector = { prefix, start: keys.log(task, from) };
        const found = await entriesOf(kv, selector, limit);
        return found.map(({ key, value }) => ({
          seq: Number(key.at(-1)),
          entry: parsed<Json>(value),
        }));
      }),
    [Symbol.asyncDispose]() {
      kv.close();
      return Promise.resolve();
    },
  };
}

async function readSlice(
  { kv, blobs, keys }: KvWorld,
  task: string,
  { name, index }: { readonly name: string; readonly index: number },
): Promise<Uint8Array | undefined> {
  for (let seen: string | null = null;;) {
    const { value, versionstamp } = await kv.get(keys.slice(task, name, index));
    if (!(value instanceof Uint8Array)) return undefined;
    const holding = decodeSliceRow(value);
    const bytes = holding.kind === "bytes" ? holding.bytes : await blobs.read(holding.blob);
    if (bytes !== undefined) return bytes;
    // Another one has come in its place, or else it is lost.
    if (versionstamp === seen) throw new Error("a slice's chunks are gone");
    seen = versionstamp;
  }
}

async function namesFrom({ kv, keys }: KvWorld, task: string, start: string): Promise<string[]> {
  const prefix = keys.slice(task);
  const names = new Set<string>();
  for await (const { key } of kv.list({ prefix, start: keys.slice(task, start) })) {
    const name = String(key.at(-2));
    if (!name.startsWith(start)) break;
    names.add(name);
  }
  return [...names];
}

async function entriesOf(
  kv: KvDatabase,
  selector: KvSelector,
  limit?: number,
): Promise<KvEntry[]> {
  const found: KvEntry[] = [];
  for await (const entry of kv.list(selector, limit === undefined ? {} : { limit })) {
    found.push(entry);
  }
  return found;
}

function parsed<T>(value: unknown): T {
  return JSON.parse(new TextDecoder().decode(value as Uint8Array)) as T;
}
