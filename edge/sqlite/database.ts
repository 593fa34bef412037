/**
 * SQLite files of ours: opening them, bringing them to the newest schema, and what goes wrong.
 *
 * Durability: write-ahead log with `synchronous = FULL`, so that a transaction has reached the disk
 * (one `fsync` of the log, on macOS with `F_FULLFSYNC`) before its statement returns; a file system
 * without such a log is refused. A file is held exclusively while it is open: a second process, or a
 * second store, waits {@link SqliteStoreOptions.busyTimeoutMs} for it and is refused then. What does
 * not fit on the disk fails as a whole; once there is room again, the next write goes on.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { TributaryError } from "../../src/core/errors.ts";
import { makeOwnFile } from "./own_file.ts";

/** What one kind of file holds. */
export interface FileFormat {
  /** Tells these files from other ones (SQLite's `application_id`). */
  readonly applicationId: number;
  /** Step n takes a file of schema n to n + 1. */
  readonly steps: readonly string[];
}

/** How a SQLite store is opened. */
export interface SqliteStoreOptions {
  /** How long to wait for another process to let go of the file, in milliseconds; 2000 by default. */
  readonly busyTimeoutMs?: number;
}

/** An open file. */
export interface Database {
  /** The connection. */
  readonly db: DatabaseSync;
  /**
   * Runs what may fail.
   *
   * @throws {TributaryError} `store-failed` saying that it cannot do `what`; a `RangeError` comes
   * through.
   */
  guard<T>(what: string, run: () => T): Promise<T>;
  /** Runs statements of which all happen, or none. */
  transaction<T>(body: () => T): T;
  /** Closes the file, once. */
  close(): Promise<void>;
}

/**
 * Opens a file, creating it if there is none.
 *
 * @throws {TributaryError} `store-failed` if it is open elsewhere, not a database, of another kind, or
 * of a newer version.
 */
export function openDatabase(
  path: string,
  format: FileFormat,
  { busyTimeoutMs: timeout = 2000 }: SqliteStoreOptions,
): Database {
  const db = open(path, format, timeout);
  return {
    db,
    guard(what, run) {
      try {
        return Promise.resolve(run());
      } catch (cause) {
        if (cause instanceof RangeError) return Promise.reject(cause);
        const detail = `Cannot ${what} in ${path}: ${refusalOf(cause)}`;
        return Promise.reject(new TributaryError("store-failed", detail, { cause }));
      }
    },
    transaction(body) {
      db.exec("BEGIN IMMEDIATE");
      try {
        const result = body();
        db.exec("COMMIT");
        return result;
      } catch (error) {
        // A full disk may have rolled back already.
        if (db.isTransaction) db.exec("ROLLBACK");
        throw error;
      }
    },
    close() {
      if (db.isOpen) db.close();
      return Promise.resolve();
    },
  };
}

function open(path: string, format: FileFormat, timeout: number): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    makeOwnFile(path);
    db = new DatabaseSync(path, { timeout });
    // The page size counts for a new file only: parcels are large, and 16 KiB pages halve the time.
    db.exec("PRAGMA page_size = 16384; PRAGMA locking_mode = EXCLUSIVE");
    const mode = db.prepare("PRAGMA journal_mode = WAL").get()?.journal_mode;
    if (mode !== "wal" && path !== ":memory:") {
      throw new Error(`its file system has no write-ahead log, but ${mode}`);
    }
    db.exec(SETTINGS);
    migrate(db, path, format);
    return db;
  } catch (cause) {
    db?.close();
    if (cause instanceof TributaryError) throw cause;
    throw new TributaryError("store-failed", `Cannot open ${path}: ${reasonOf(cause)}`, { cause });
  }
}

/**
 * What holds while a file is open: each commit reaches the disk; the log shrinks again after a burst;
 * and a schema that somebody has tampered with runs no functions.
 */
const SETTINGS = `
  PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;
  PRAGMA journal_size_limit = 67108864; PRAGMA trusted_schema = OFF`;

function refusalOf(cause: unknown): string {
  return isFull(cause) ? "the disk is full" : "the database refused it";
}

/** By its words: not every platform tells the number of the error. */
function isFull(cause: unknown): boolean {
  return cause instanceof Error && /disk is full/i.test(cause.message);
}

function reasonOf(cause: unknown): string {
  if (isFull(cause)) return "the disk is full";
  const message = cause instanceof Error ? cause.message : String(cause);
  if (/locked|busy/i.test(message)) return "another process or store has it open";
  if (/not a database/i.test(message)) return "it is not a SQLite database";
  return message;
}

/**
 * Brings a file to the newest schema, all of it or nothing.
 *
 * @throws {TributaryError} `store-failed` if the file belongs to another program or to a newer
 * version of this one.
 */
function migrate(db: DatabaseSync, path: string, { applicationId, steps }: FileFormat): void {
  db.exec("BEGIN IMMEDIATE");
  try {
    const version = pragma(db, "user_version");
    const owner = pragma(db, "application_id");
    const tables = db.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.n;
    if (owner !== applicationId && !(owner === 0 && version === 0 && tables === 0)) {
      throw new TributaryError(
        "store-failed",
        `Cannot open ${path}: it is another program's database, expected a new file or a store`,
      );
    }
    if (version > steps.length) {
      throw new TributaryError(
        "store-failed",
        `Cannot open ${path}: schema ${version}, expected at most ${steps.length}; ` +
          "a newer version of this program wrote it",
      );
    }
    // A file that is as it should be opens on a full disk too.
    if (version === steps.length) return db.exec("ROLLBACK");
    for (const step of steps.slice(version)) db.exec(step);
    db.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${steps.length}`);
    db.exec("COMMIT");
  } catch (error) {
    // A full disk may have rolled back already.
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

function pragma(db: DatabaseSync, name: "user_version" | "application_id"): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
}
