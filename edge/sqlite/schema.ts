/**
 * The tables of an aggregator's SQLite file, as numbered steps.
 *
 * @module
 */
import type { FileFormat } from "./database.ts";

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

/** Files of an aggregator. */
export const AGGREGATOR_FILE: FileFormat = {
  // "TRIB"
  applicationId: 0x54524942,
  steps: STEPS,
};

/** Number of the newest schema. */
export const SCHEMA_VERSION: number = STEPS.length;
