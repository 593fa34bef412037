/**
 * Stores in Deno KV.
 *
 * @module
 */
export type { KvAtomic, KvDatabase, KvEntry, KvKey, KvSelector } from "./database.ts";
export { DENO_KV_BYTES, denoKvStore } from "./store.ts";
export type { DenoKvStoreOptions } from "./store.ts";
