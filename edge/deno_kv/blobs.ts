/**
 * Bytes that are too long for one value: chunks under a name that nothing refers to until a change does.
 *
 * What is staged has a mark beside it, which the change that refers to it removes. Marks that are left
 * are of writers that died: after an hour their chunks are swept away, and a writer that was only slow
 * finds its mark gone and fails.
 *
 * @module
 */
import { concatBytes, cutBytes, toHex } from "../../src/core/bytes.ts";
import type { Clock } from "../../src/core/clock.ts";
import type { RandomSource } from "../../src/core/random.ts";
import { addChanges, type KvChange, partsOf } from "./change.ts";
import { type KvDatabase, type KvKey, MOST_READ, VALUE_BYTES } from "./database.ts";

/** Where bytes are. */
export interface Blob {
  /** Name of the chunks that were staged together. */
  readonly batch: string;
  /** Number of its first chunk. */
  readonly first: number;
  /** How many bytes it has. */
  readonly bytes: number;
}

/** Bytes on their way into chunks. */
export interface Batch {
  /** Cuts bytes into chunks, which are not stored yet. */
  add(bytes: Uint8Array): Blob;
  /** The chunks so far, as changes. */
  readonly chunks: readonly KvChange[];
  /** Stores the chunks, with a mark that nothing refers to them. */
  stage(): Promise<Staged>;
}

/** Chunks that were stored. */
export interface Staged {
  /** The mark, which the change that refers to the chunks has to check. */
  readonly mark: { readonly key: KvKey; readonly versionstamp: string | null };
  /** Removes the chunks and the mark, where no change refers to them. */
  drop(): Promise<void>;
}

/** The chunks of a database. */
export interface Blobs {
  /** Begins a batch of a name of its own. */
  begin(): Batch;
  /** The bytes of a blob; undefined if some are gone, as its owner was replaced. */
  read(blob: Blob): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Changes that remove a blob. */
  removal(blob: Blob): readonly KvChange[];
  /** A change that has a batch swept away, for whoever removes what refers to it. */
  abandoned(batch: string): KvChange;
  /** Sweeps away what was staged more than an hour ago and is referred to by nothing. */
  sweep(): Promise<void>;
}

/** How long a writer may take from its first chunk to the change that refers to it. */
const STAGED_MS = 3_600_000;

/** The chunks under a prefix. */
export function createBlobs(
  kv: KvDatabase,
  { prefix, clock, random }: {
    readonly prefix: string;
    readonly clock: Clock;
    readonly random: RandomSource;
  },
): Blobs {
  const chunkKey = (batch: string, at: number): KvKey => [prefix, "chunk", batch, at];
  const markKey = (batch: string): KvKey => [prefix, "staged", batch];
  const keysOf = ({ batch, first, bytes }: Blob): KvKey[] =>
    Array.from(
      { length: Math.ceil(bytes / VALUE_BYTES) },
      (_, at) => chunkKey(batch, first + at),
    );

  async function dropBatch(batch: string): Promise<void> {
    const found: KvChange[] = [];
    for await (const { key } of kv.list({ prefix: [prefix, "chunk", batch] }, { batchSize: 10 })) {
      found.push({ key: key as KvKey });
    }
    for (const part of partsOf([...found, { key: markKey(batch) }])) {
      await addChanges(kv.atomic(), part).commit();
    }
  }

  return {
    begin() {
      const batch = toHex(random(16));
      const chunks: KvChange[] = [];
      return {
        chunks,
        add(bytes) {
          const first = chunks.length;
          for (const part of cutBytes(bytes, VALUE_BYTES)) {
            chunks.push({ key: chunkKey(batch, chunks.length), bytes: part });
          }
          return { batch, first, bytes: bytes.length };
        },
        async stage() {
          const key = markKey(batch);
          await kv.atomic().set(key, { atMs: clock.now() }).commit();
          const { versionstamp } = await kv.get(key);
          for (const part of partsOf(chunks)) await addChanges(kv.atomic(), part).commit();
          return { mark: { key, versionstamp }, drop: () => dropBatch(batch) };
        },
      };
    },
    async read(blob) {
      const keys = keysOf(blob);
      const parts: Uint8Array[] = [];
      for (let at = 0; at < keys.length; at += MOST_READ) {
        for (const { value } of await kv.getMany(keys.slice(at, at + MOST_READ))) {
          if (!(value instanceof Uint8Array)) return undefined;
          parts.push(value);
        }
      }
      return concatBytes(parts);
    },
    removal: (blob) => keysOf(blob).map((key) => ({ key })),
    abandoned: (batch) => ({ key: markKey(batch), bytes: new Uint8Array(0) }),
    async sweep() {
      const before = clock.now() - STAGED_MS;
      for await (const { key, value, versionstamp } of kv.list({ prefix: [prefix, "staged"] })) {
        const atMs = (value as { readonly atMs?: number }).atMs ?? 0;
        if (atMs > before) continue;
        // From here on its writer, if it lives, finds another mark than its own.
        const mark = { key: key as KvKey, versionstamp };
        const { ok } = await kv.atomic().check(mark).set(mark.key, { atMs: 0 }).commit();
        if (ok) await dropBatch(String(key.at(-1)));
      }
    },
  };
}
