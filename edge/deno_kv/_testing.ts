/**
 * Databases of Deno KV for tests.
 *
 * @module
 */
import type { KvAtomic, KvDatabase } from "./database.ts";

/** Opens a database, in memory unless a path is given. */
export async function openKv(path = ":memory:"): Promise<KvDatabase> {
  // Declared by the compiler only with all that is unstable.
  const { openKv } = Deno as unknown as { openKv(path: string): Promise<KvDatabase> };
  return await openKv(path);
}

/** A database that keeps an eye on each atomic change. */
export interface WatchedKv {
  readonly kv: KvDatabase;
  /** How many were tried. */
  readonly commits: number;
}

/** Calls `before` with the number of each atomic change, from 1, before it is tried: it may throw. */
export function watchCommits(inner: KvDatabase, before: (commit: number) => void): WatchedKv {
  let commits = 0;
  const watch = (atomic: KvAtomic): KvAtomic => ({
    check: (entry) => watch(atomic.check(entry)),
    set: (key, value, options) => watch(atomic.set(key, value, options)),
    delete: (key) => watch(atomic.delete(key)),
    async commit() {
      before(++commits);
      return await atomic.commit();
    },
  });
  return {
    get commits() {
      return commits;
    },
    kv: {
      get: (key) => inner.get(key),
      getMany: (keys) => inner.getMany(keys),
      list: (selector, options) => inner.list(selector, options),
      watch: (keys) => inner.watch(keys),
      atomic: () => watch(inner.atomic()),
      close: () => inner.close(),
    },
  };
}
