/**
 * As much of Deno KV as the stores here use, and the bounds that it sets.
 *
 * Any database that has these calls will do: `Deno.openKv()`, or the one that `@deno/kv` opens in Node.
 *
 * @module
 */

/** A key: parts sort one after the other, text by its bytes, numbers by size. */
export type KvKey = readonly (string | number)[];

/** An entry; without a value and a versionstamp where there is none. */
export interface KvEntry {
  /** Its key. */
  readonly key: readonly unknown[];
  /** What is stored there. */
  readonly value: unknown;
  /** Changes with every write of the entry; null where there is none. */
  readonly versionstamp: string | null;
}

/** Which entries to list, in ascending order of their keys: those below a key, or of a range. */
export type KvSelector =
  | {
    /** What their keys begin with. */
    readonly prefix: KvKey;
  }
  | {
    /** What their keys begin with. */
    readonly prefix: KvKey;
    /** The first key, which begins with the prefix too. */
    readonly start: KvKey;
  }
  | {
    /** The first key. */
    readonly start: KvKey;
    /** The first key that is no more of them. */
    readonly end: KvKey;
  };

/** Checks and changes of which all happen at once, or none. */
export interface KvAtomic {
  /** Lets it happen only while an entry is as it was read. */
  check(entry: { readonly key: KvKey; readonly versionstamp: string | null }): KvAtomic;
  /** Sets an entry; one that expires goes some time after so many milliseconds. */
  set(key: KvKey, value: unknown, options?: { readonly expireIn?: number }): KvAtomic;
  /** Removes an entry. */
  delete(key: KvKey): KvAtomic;
  /** Does it; not `ok` if a check did not hold. */
  commit(): Promise<{ readonly ok: boolean }>;
}

/** A database. */
export interface KvDatabase {
  /** One entry. */
  get(key: KvKey): Promise<KvEntry>;
  /** Entries of one moment, at most {@link MOST_READ}. */
  getMany(keys: readonly KvKey[]): Promise<readonly KvEntry[]>;
  /** Entries in ascending order. */
  list(
    selector: KvSelector,
    options?: { readonly limit?: number; readonly batchSize?: number },
  ): AsyncIterable<KvEntry>;
  /** Entries as they are, and again each time that one of them has changed. */
  watch(keys: readonly KvKey[]): ReadableStream<readonly unknown[]>;
  /** Begins a change. */
  atomic(): KvAtomic;
  /** Closes it. */
  close(): void;
}

/** Most bytes of one value here; a value of Deno KV has at most 65 536, its own frame included. */
export const VALUE_BYTES: number = 63 << 10;

/** Most entries of one {@link KvDatabase.getMany}. */
export const MOST_READ: number = 10;

/**
 * What one atomic change may hold, a little below what Deno KV allows: 1000 changes, 819 200 bytes and
 * 81 920 bytes of keys.
 */
export const ATOMIC = { changes: 900, bytes: 780_000, keyBytes: 72_000 } as const;
