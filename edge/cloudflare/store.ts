/**
 * A store in the SQLite database of one Durable Object.
 *
 * Durability: {@link RoundStore.write} waits until the platform has the transaction on its disks.
 * {@link RoundStore.put} does not wait: the platform keeps writes in order, so that the write that
 * refers to its slices comes after them.
 *
 * Rows stay below the platform's limit of 2 MB: nothing of more than 1 MiB is stored in one.
 *
 * @module
 */
import type { Json } from "../../src/core/json.ts";
import {
  checkSlice,
  type MemberRow,
  type RoundStore,
  type SliceRow,
  type StoreChange,
  type UpdateRow,
} from "../store.ts";
import {
  bytesOf,
  type Database,
  type Execute,
  type ObjectFormat,
  type ObjectStorage,
  openDatabase,
  rowText,
  type SqlValue,
} from "./database.ts";
import { nonceStep } from "./nonce_log.ts";

const AGGREGATOR: ObjectFormat = {
  name: "aggregator",
  steps: [
    `CREATE TABLE records (
       task TEXT PRIMARY KEY, version INTEGER NOT NULL, record TEXT NOT NULL
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE members (
       task TEXT NOT NULL, id TEXT NOT NULL, row TEXT NOT NULL, PRIMARY KEY (task, id)
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE updates (
       task TEXT NOT NULL, round INTEGER NOT NULL, member TEXT NOT NULL, position INTEGER NOT NULL,
       row TEXT NOT NULL, PRIMARY KEY (task, round, member)
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE slices (
       task TEXT NOT NULL, name TEXT NOT NULL, part INTEGER NOT NULL, bytes BLOB NOT NULL,
       UNIQUE (task, name, part)
     ) STRICT;
     CREATE TABLE log (
       task TEXT NOT NULL, seq INTEGER NOT NULL, entry TEXT NOT NULL, PRIMARY KEY (task, seq)
     ) STRICT, WITHOUT ROWID;`,
    nonceStep("records"),
  ],
};

/**
 * Opens the database of an aggregator's object, making its tables if there are none.
 *
 * @param storage `ctx.storage` of an object whose class is declared with SQLite.
 * @throws {TributaryError} `store-failed` if the object holds something else, or a newer version's
 * tables.
 */
export function openAggregator(storage: ObjectStorage): Database {
  return openDatabase(storage, AGGREGATOR);
}

/** The store in the database of an aggregator's object. */
export function objectStore({ sql, guard, transaction, commit }: Database): RoundStore {
  return {
    tasks: () =>
      guard(
        "list tasks",
        () => sql("SELECT task FROM records ORDER BY task").map((row) => String(row.task)),
      ),
    read: (task) =>
      guard("read a record", () => {
        const [row] = sql("SELECT version, record FROM records WHERE task = ?", task);
        return row && { version: Number(row.version), record: json(row.record) as Json };
      }),
    write: (task, expected, change) =>
      commit("write a record", () => {
        const [row] = sql("SELECT version FROM records WHERE task = ?", task);
        if (Number(row?.version ?? 0) !== expected) return false;
        const record = rowText("a record", change.record);
        sql("INSERT OR REPLACE INTO records VALUES (?, ?, ?)", task, expected + 1, record);
        apply(sql, task, change);
        return true;
      }),
    member: (task, id) =>
      guard("read a member", () => {
        const [row] = sql("SELECT row FROM members WHERE task = ? AND id = ?", task, id);
        return row && json(row.row) as MemberRow;
      }),
    members: (task) =>
      guard("read members", () =>
        sql("SELECT row FROM members WHERE task = ? ORDER BY id", task)
          .map((row) => json(row.row) as MemberRow)),
    update: (task, round, member) =>
      guard("read an update", () => {
        const found = "SELECT row FROM updates WHERE task = ? AND round = ? AND member = ?";
        const [row] = sql(found, task, round, member);
        return row && json(row.row) as UpdateRow;
      }),
    updates: (task, round) =>
      guard(
        "read updates",
        () =>
          sql("SELECT row FROM updates WHERE task = ? AND round = ? ORDER BY position", task, round)
            .map((row) => json(row.row) as UpdateRow),
      ),
    slice: (task, name, index) =>
      guard("read a slice", () => {
        const found = "SELECT bytes FROM slices WHERE task = ? AND name = ? AND part = ?";
        return bytesOf(sql(found, task, name, index)[0]?.bytes);
      }),
    // At once: the platform counts what waits to be collected, and an object has only 128 MB.
    release: (slice) => void (slice.buffer as ArrayBuffer).transfer(0),
    sliceNames: (task, prefix) =>
      guard("list slices", () =>
        // A range that the index answers; LIKE would need its wildcards escaped.
        sql(
          "SELECT DISTINCT name FROM slices WHERE task = ? AND name >= ? AND name < ? ORDER BY name",
          ...[task, prefix, `${prefix}\u{10ffff}`],
        ).map((row) => String(row.name))),
    put: (task, slices) =>
      guard("stage slices", () => transaction(() => putSlices(sql, task, slices))),
    drop: (task, name) => guard("drop slices", () => dropSlices(sql, task, name)),
    log: (task, from, limit) =>
      guard("read the log", () =>
        sql(
          "SELECT seq, entry FROM log WHERE task = ? AND seq >= ? ORDER BY seq LIMIT ?",
          ...[task, from, limit],
        ).map((row) => ({ seq: Number(row.seq), entry: json(row.entry) as Json }))),
    // The object's database lives as long as the object.
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function apply(sql: Execute, task: string, change: StoreChange): void {
  for (const id of change.removed ?? []) {
    sql("DELETE FROM members WHERE task = ? AND id = ?", task, id);
  }
  for (const row of change.members ?? []) {
    sql("INSERT OR REPLACE INTO members VALUES (?, ?, ?)", task, row.id, rowText("a member", row));
  }
  if (change.dropUpdatesBefore !== undefined) {
    sql("DELETE FROM updates WHERE task = ? AND round < ?", task, change.dropUpdatesBefore);
  }
  for (const row of change.updates ?? []) {
    sql(
      "INSERT OR REPLACE INTO updates VALUES (?, ?, ?, ?, ?)",
      ...[task, row.round, row.member, row.position, rowText("an update", row)],
    );
  }
  for (const name of change.dropSlices ?? []) dropSlices(sql, task, name);
  putSlices(sql, task, change.slices ?? []);
  for (const { seq, entry } of change.log ?? []) {
    sql("INSERT INTO log VALUES (?, ?, ?)", task, seq, rowText("a log entry", entry));
  }
}

function putSlices(sql: Execute, task: string, slices: readonly SliceRow[]): void {
  for (const slice of slices) {
    checkSlice(slice);
    sql(
      "INSERT INTO slices VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET bytes = excluded.bytes",
      ...[task, slice.name, slice.index, slice.bytes],
    );
  }
}

function dropSlices(sql: Execute, task: string, name: string): void {
  sql("DELETE FROM slices WHERE task = ? AND name = ?", task, name);
}

function json(text: SqlValue | undefined): unknown {
  return JSON.parse(String(text));
}
