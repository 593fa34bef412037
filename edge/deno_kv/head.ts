/**
 * A task's head: the one entry by which all of its changes happen, or none.
 *
 * A change that fits in one atomic change is one that checks the head. A longer one is first staged as
 * a _journal_, then the head is set to the next version and to that journal, which is when it happened;
 * whoever meets a head with a journal applies it before anything else. Each part of that checks the
 * head again, so that one who is late changes nothing that came after.
 *
 * @module
 */
import type { Blob, Blobs } from "./blobs.ts";
import { addChanges, decodeChanges, partsOf } from "./change.ts";
import type { KvDatabase, KvEntry, KvKey } from "./database.ts";

/** What a head says. */
export interface Head {
  /** Counts the writes of the task, from 1; 0 where there was none. */
  readonly version: number;
  /** The record as JSON, or where that is. */
  readonly record: Uint8Array | Blob;
}

/** A head that says more than that: what of its change is left to do. */
export interface StoredHead extends Head {
  /** The journal of a change that has happened, and is left to carry out. */
  readonly journal?: Blob;
}

/** A head as it was read, with nothing left to do. */
export interface SettledHead {
  /** For the change that follows: the head's key, and that it is as it was read. */
  readonly mark: { readonly key: KvKey; readonly versionstamp: string | null };
  /** What it says; undefined before the first write. */
  readonly head: Head | undefined;
}

/** Reads the head at a key, and does first what is left of its change. */
export async function settledHead(
  kv: KvDatabase,
  blobs: Blobs,
  key: KvKey,
): Promise<SettledHead> {
  let seen: string | null | undefined;
  for (;;) {
    const entry = await kv.get(key);
    if (entry.versionstamp === seen) throw new Error("a journal is gone that the head names");
    seen = entry.versionstamp;
    const settled = await settle({ kv, blobs }, key, entry);
    if (settled !== undefined) return settled;
  }
}

/**
 * What belongs to a head, read at a moment when nothing of a change is left to do.
 *
 * @param read Reads it; called again if the head has changed meanwhile.
 */
export async function readSteady<T>(
  kv: KvDatabase,
  blobs: Blobs,
  { key, read }: { readonly key: KvKey; read(): Promise<T> },
): Promise<T> {
  for (;;) {
    const { mark } = await settledHead(kv, blobs, key);
    const found = await read();
    if ((await kv.get(key)).versionstamp === mark.versionstamp) return found;
  }
}

/** The head if there is nothing left to do, undefined if there was. */
async function settle(
  { kv, blobs }: { readonly kv: KvDatabase; readonly blobs: Blobs },
  key: KvKey,
  { value, versionstamp }: KvEntry,
): Promise<SettledHead | undefined> {
  const mark = { key, versionstamp };
  if (versionstamp === null) return { mark, head: undefined };
  const { journal, ...head } = value as StoredHead;
  if (journal === undefined) return { mark, head };
  const encoded = await blobs.read(journal);
  // Somebody else was faster: the journal goes once it is applied.
  if (encoded === undefined) return undefined;
  for (const part of partsOf(decodeChanges(encoded))) {
    const { ok } = await addChanges(kv.atomic().check(mark), part).commit();
    if (!ok) return undefined;
  }
  const { key: swept, bytes } = blobs.abandoned(journal.batch);
  // What is left of the journal is swept away should this end here.
  const { ok } = await kv.atomic().check(mark).set(key, head).set(swept, bytes).commit();
  if (!ok) return undefined;
  for (const part of partsOf([...blobs.removal(journal), { key: swept }])) {
    await addChanges(kv.atomic(), part).commit();
  }
  return undefined;
}
