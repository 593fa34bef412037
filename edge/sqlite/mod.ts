/**
 * The store in one SQLite file.
 *
 * @module
 */
export { sqliteStore, type SqliteStoreOptions } from "./store.ts";
