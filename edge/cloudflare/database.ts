/**
 * A Durable Object's SQLite: bringing it to the newest schema, and what goes wrong.
 *
 * @module
 */
import { TributaryError } from "../../src/core/errors.ts";
import { MAX_SLICE_BYTES } from "../store.ts";

/** What a column holds; bytes come back as a buffer of their own. */
export type SqlValue = string | number | null | ArrayBuffer | Uint8Array;

/** Rows that a statement gave. */
export interface SqlRows {
  /** All of them. */
  toArray(): Record<string, SqlValue>[];
}

/** What a store uses of a Durable Object's `ctx.storage`; the class must be one with SQLite. */
export interface ObjectStorage {
  /** Its database. */
  readonly sql: { exec(statements: string, ...bindings: SqlValue[]): SqlRows };
  /** Runs statements of which all happen, or none. */
  transactionSync<T>(body: () => T): T;
  /** Settles once everything written so far is durable. */
  sync(): Promise<void>;
}

/** What one kind of object holds. */
export interface ObjectFormat {
  /** Tells these objects from others. */
  readonly name: string;
  /** Step n takes an object of schema n to n + 1; one that was released is never edited. */
  readonly steps: readonly string[];
}

/** Runs one statement and gives its rows. */
export type Execute = (statement: string, ...bindings: SqlValue[]) => Record<string, SqlValue>[];

/** An object's database at the newest schema. */
export interface Database {
  /** Runs one statement. */
  readonly sql: Execute;
  /**
   * Runs what may fail.
   *
   * @throws {TributaryError} `store-failed` saying that it cannot do `what`; a `RangeError` comes
   * through.
   */
  guard<T>(what: string, run: () => T): Promise<T>;
  /** Runs statements of which all happen, or none. */
  transaction<T>(run: () => T): T;
  /** {@link Database.guard} of a transaction that is durable when it resolves. */
  commit<T>(what: string, run: () => T): Promise<T>;
}

/**
 * Opens an object's database, making its tables if there are none.
 *
 * @throws {TributaryError} `store-failed` if it holds something else, or a newer version's tables.
 */
export function openDatabase(storage: ObjectStorage, format: ObjectFormat): Database {
  const sql: Execute = (statement, ...bindings) =>
    storage.sql.exec(statement, ...bindings).toArray();
  try {
    storage.transactionSync(() => migrate(sql, format));
  } catch (cause) {
    if (cause instanceof TributaryError) throw cause;
    throw new TributaryError("store-failed", "Cannot open the object: its database refused it", {
      cause,
    });
  }
  const guard = async <T>(what: string, run: () => T | Promise<T>): Promise<T> => {
    try {
      return await run();
    } catch (cause) {
      if (cause instanceof RangeError) throw cause;
      const detail = `Cannot ${what} in the object: its database refused it`;
      throw new TributaryError("store-failed", detail, { cause });
    }
  };
  return {
    sql,
    guard,
    transaction: (run) => storage.transactionSync(run),
    commit: (what, run) =>
      guard(what, async () => {
        const result = storage.transactionSync(run);
        await storage.sync();
        return result;
      }),
  };
}

/**
 * A value as the text of a row.
 *
 * @throws {RangeError} If it is longer than a row of ours may be. The platform's own limit is 2 MB a
 * row, and it is not enforced everywhere where this code is tried.
 */
export function rowText(what: string, value: unknown): string {
  const text = JSON.stringify(value);
  // A unit of UTF-16 has at most three bytes of UTF-8.
  if (text.length * 3 <= MAX_SLICE_BYTES) return text;
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > MAX_SLICE_BYTES) {
    throw new RangeError(
      `Cannot store ${what}: ${bytes} bytes, expected at most ${MAX_SLICE_BYTES}`,
    );
  }
  return text;
}

/** Bytes of a column. */
export function bytesOf(value: SqlValue | undefined): Uint8Array | undefined {
  return value instanceof ArrayBuffer ? new Uint8Array(value) : undefined;
}

function migrate(sql: Execute, { name, steps }: ObjectFormat): void {
  // The platform keeps tables of its own, whose names begin with `_cf_`.
  const tables = sql("SELECT name FROM sqlite_master WHERE type = 'table'")
    .map((row) => String(row.name)).filter((table) => !table.startsWith("_cf_"));
  if (tables.length === 0) {
    sql("CREATE TABLE schema_version (format TEXT NOT NULL, version INTEGER NOT NULL) STRICT");
    sql("INSERT INTO schema_version VALUES (?, 0)", name);
  } else if (!tables.includes("schema_version")) {
    refuse(`it holds another program's tables, expected ${name}`);
  }
  const [row] = sql("SELECT format, version FROM schema_version");
  if (row?.format !== name) refuse(`it holds ${row?.format}, expected ${name}`);
  const version = Number(row.version);
  if (version > steps.length) {
    refuse(`it is of version ${version}, expected at most ${steps.length}`);
  }
  if (version === steps.length) return;
  for (const step of steps.slice(version)) sql(step);
  sql("UPDATE schema_version SET version = ?", steps.length);
}

function refuse(found: string): never {
  throw new TributaryError("store-failed", `Cannot open the object: ${found}`);
}
