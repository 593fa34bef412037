/**
 * The tables of an aggregator's SQLite file, as numbered steps.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { TributaryError } from "../../src/core/errors.ts";

/** "TRIB": tells our files from other programs' (SQLite's `application_id`). */
const APPLICATION_ID = 0x54524942;

/**
 * Step n takes a file of schema n to n + 1. A step that was released is never edited: files that
 * went through it exist.
 */
const STEPS: readonly string[] = [
  `CREATE TABLE records (
     task TEXT PRIMARY KEY, version INTEGER NOT NULL, record TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE members (
     task TEXT NOT NULL, id TEXT NOT NULL, row TEXT NOT NULL, PRIMARY KEY (task, id)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE updates (
     task TEXT NOT NULL, round INTEGER NOT NULL, member TEXT NOT NULL, position INTEGER NOT NULL,
     row TEXT NOT NULL
   ) STRICT;
   -- Rows are appended, and only this short index is written all over: members come in any order.
   CREATE INDEX updates_by_member ON updates (round, member);
   CREATE TABLE slices (
     task TEXT NOT NULL, name TEXT NOT NULL, part INTEGER NOT NULL, bytes BLOB NOT NULL,
     UNIQUE (task, name, part)
   ) STRICT;
   CREATE TABLE log (
     task TEXT NOT NULL, seq INTEGER NOT NULL, entry TEXT NOT NULL, PRIMARY KEY (task, seq)
   ) STRICT, WITHOUT ROWID;`,
];

/** Number of the newest schema. */
export const SCHEMA_VERSION: number = STEPS.length;

/**
 * Brings a file to the newest schema, all of it or nothing.
 *
 * @throws {TributaryError} `store-failed` if the file belongs to another program or to a newer
 * version of this one.
 */
export function migrate(db: DatabaseSync, path: string): void {
  db.exec("BEGIN IMMEDIATE");
  try {
    const version = pragma(db, "user_version");
    const owner = pragma(db, "application_id");
    const tables = db.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.n;
    if (owner !== APPLICATION_ID && !(owner === 0 && version === 0 && tables === 0)) {
      throw new TributaryError(
        "store-failed",
        `Cannot open ${path}: it is another program's database, expected a new file or a store`,
      );
    }
    if (version > SCHEMA_VERSION) {
      throw new TributaryError(
        "store-failed",
        `Cannot open ${path}: schema ${version}, expected at most ${SCHEMA_VERSION}; ` +
          "a newer version of this program wrote it",
      );
    }
    for (const step of STEPS.slice(version)) db.exec(step);
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}`);
    db.exec("COMMIT");
  } catch (error) {
    db.exec("ROLLBACK");
    throw error;
  }
}

function pragma(db: DatabaseSync, name: "user_version" | "application_id"): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
}
