/**
 * Stores in Postgres.
 *
 * @module
 */
export type { PostgresStoreOptions } from "./database.ts";
export { postgresStore } from "./store.ts";
