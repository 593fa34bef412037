/**
 * Stores in one SQLite file each.
 *
 * @module
 */
export type { SqliteStoreOptions } from "./database.ts";
export { sqliteHelperStore } from "./helper_store.ts";
export { sqliteStore } from "./store.ts";
