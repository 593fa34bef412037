/**
 * Which store an address names.
 *
 * @module
 */
import type { HelperStore } from "../helper/store.ts";
import { sqliteHelperStore } from "../sqlite/helper_store.ts";
import { sqliteStore } from "../sqlite/store.ts";
import type { RoundStore } from "../store.ts";

/**
 * Opens an aggregator's store, creating it if there is none.
 *
 * @param address `postgres://…` for a schema of a Postgres database, which `?schema=` names
 * (`tributary` by default); anything else is the path of a SQLite file.
 * @throws {TributaryError} `store-failed` if it cannot be opened.
 * @throws {RangeError} For a schema whose name is none.
 */
export async function openStore(address: string): Promise<RoundStore> {
  if (!isPostgres(address)) return sqliteStore(address);
  // Loaded for those alone who have a database.
  const { postgresStore } = await import("../postgres/store.ts");
  const url = new URL(address);
  const schema = url.searchParams.get("schema");
  url.searchParams.delete("schema");
  return await postgresStore({ url: url.href, ...(schema === null ? {} : { schema }) });
}

/**
 * Opens a helper's store, creating it if there is none.
 *
 * @param address Path of a SQLite file.
 * @throws {TributaryError} `store-failed` if it cannot be opened.
 * @throws {RangeError} For the address of a database, where helpers keep nothing.
 */
export function openHelperStore(address: string): HelperStore {
  if (!isPostgres(address)) return sqliteHelperStore(address);
  throw new RangeError(
    `Cannot keep a helper's answers in ${storeName(address)}: expected the path of a SQLite file`,
  );
}

/** An address as it may be shown: without the name and the password of whoever connects. */
export function storeName(address: string): string {
  if (!isPostgres(address) || !URL.canParse(address)) return address;
  const url = new URL(address);
  url.username = "";
  url.password = "";
  return url.href;
}

function isPostgres(address: string): boolean {
  return /^postgres(ql)?:\/\//.test(address);
}
