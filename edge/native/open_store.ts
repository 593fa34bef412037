/**
 * Which store an address names.
 *
 * @module
 */
import { TributaryError } from "../../src/core/errors.ts";
import type { HelperStore } from "../helper/store.ts";
import type { RoundStore } from "../store.ts";

/**
 * Opens an aggregator's store, creating it if there is none.
 *
 * @param address `postgres://…` for a schema of a Postgres database, which `?schema=` names
 * (`tributary` by default); anything else is the path of a SQLite file.
 * @throws {TributaryError} `store-failed` if it cannot be opened, or this platform has no SQLite.
 * @throws {RangeError} For a schema whose name is none, or a database's address that is none.
 */
export async function openStore(address: string): Promise<RoundStore> {
  // Either is loaded for those alone who keep something there.
  if (!isPostgres(address)) {
    const { sqliteStore } = await withSqlite(address, () => import("../sqlite/store.ts"));
    return sqliteStore(address);
  }
  const { postgresStore } = await import("../postgres/store.ts");
  if (!URL.canParse(address)) {
    // Without the address, which may have a password in it.
    throw new RangeError(
      "Cannot open a store: its address is none, expected " +
        "postgres://user:password@host:5432/database?schema=name",
    );
  }
  const url = new URL(address);
  const schema = url.searchParams.get("schema");
  url.searchParams.delete("schema");
  return await postgresStore({ url: url.href, ...(schema === null ? {} : { schema }) });
}

/**
 * Opens a helper's store, creating it if there is none.
 *
 * @param address Path of a SQLite file.
 * @throws {TributaryError} `store-failed` if it cannot be opened, or this platform has no SQLite.
 * @throws {RangeError} For the address of a database, where helpers keep nothing.
 */
export async function openHelperStore(address: string): Promise<HelperStore> {
  if (!isPostgres(address)) {
    const { sqliteHelperStore } = await withSqlite(
      address,
      () => import("../sqlite/helper_store.ts"),
    );
    return sqliteHelperStore(address);
  }
  throw new RangeError(
    `Cannot keep a helper's answers in ${storeName(address)}: expected the path of a SQLite file`,
  );
}

/** An address as it may be shown: without the name and the password of whoever connects. */
export function storeName(address: string): string {
  if (!isPostgres(address)) return address;
  if (!URL.canParse(address)) return "postgres://…";
  const url = new URL(address);
  url.username = "";
  url.password = "";
  return url.href;
}

function isPostgres(address: string): boolean {
  return /^postgres(ql)?:\/\//.test(address);
}

/** Loads what needs `node:sqlite`, which came with Node 22.5. */
async function withSqlite<T>(path: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    if ((cause as { readonly code?: unknown }).code !== "ERR_UNKNOWN_BUILTIN_MODULE") throw cause;
    throw new TributaryError(
      "store-failed",
      `Cannot open ${path}: this runtime has no node:sqlite, expected postgres://… or a newer one`,
      { cause },
    );
  }
}
