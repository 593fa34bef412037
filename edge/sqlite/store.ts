/**
 * A store in one SQLite file, by `node:sqlite` (Deno, Node).
 *
 * Durability: write-ahead log with `synchronous = FULL`, so that each {@link RoundStore.write} has
 * reached the disk (one `fsync` of the log) before it resolves. With `NORMAL` a power cut could undo
 * writes whose updates were acknowledged; that saves .25 ms a write, which group commit shares among
 * many updates anyway. {@link RoundStore.put} alone uses `NORMAL`: the `fsync` of the write that
 * refers to its slices covers them, since they lie before it in the same log.
 *
 * The file is held exclusively while it is open: a second process, or a second store, is refused.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Json } from "../../src/core/json.ts";
import {
  checkSlice,
  type MemberRow,
  type RoundStore,
  type SliceRow,
  type StoreChange,
  type UpdateRow,
} from "../store.ts";
import { openDatabase, type SqliteStoreOptions } from "./database.ts";
import { AGGREGATOR_FILE } from "./schema.ts";

/**
 * Opens a store, creating the file if there is none.
 *
 * @param path    Of the file; `<path>-wal` appears beside it while it is open.
 * @param options How long to wait for a file that is still open elsewhere.
 * @throws {TributaryError} `store-failed` if the file is open elsewhere, not a database, another
 * program's, or of a newer version.
 */
export function sqliteStore(path: string, options: SqliteStoreOptions = {}): RoundStore {
  const { db, guard, transaction, close } = openDatabase(path, AGGREGATOR_FILE, options);
  const sql = statements(db);
  return {
    tasks: () => guard("list tasks", () => sql.tasks.all().map((row) => String(row.task))),
    read: (task) =>
      guard("read a record", () => {
        const row = sql.read.get(task);
        return row && { version: Number(row.version), record: json(row.record) as Json };
      }),
    write: (task, expected, change) =>
      guard("write a record", () =>
        transaction(() => {
          if (Number(sql.read.get(task)?.version ?? 0) !== expected) return false;
          sql.write.run(task, expected + 1, JSON.stringify(change.record));
          apply(sql, task, change);
          return true;
        })),
    member: (task, id) =>
      guard("read a member", () => json(sql.member.get(task, id)?.row) as MemberRow | undefined),
    members: (task) =>
      guard("read members", () => sql.members.all(task).map((row) => json(row.row) as MemberRow)),
    update: (task, round, member) =>
      guard(
        "read an update",
        () => json(sql.update.get(task, round, member)?.row) as UpdateRow | undefined,
      ),
    updates: (task, round) =>
      guard(
        "read updates",
        () => sql.updates.all(task, round).map((row) => json(row.row) as UpdateRow),
      ),
    slice: (task, name, index) =>
      guard(
        "read a slice",
        () => sql.slice.get(task, name, index)?.bytes as Uint8Array | undefined,
      ),
    sliceNames: (task, prefix) =>
      guard("list slices", () => {
        // A range that the index answers; LIKE would need its wildcards escaped.
        const rows = sql.sliceNames.all(task, prefix, `${prefix}\u{10ffff}`);
        return rows.map((row) => String(row.name));
      }),
    put: (task, slices) =>
      guard("stage slices", () => {
        db.exec("PRAGMA synchronous = NORMAL");
        try {
          transaction(() => putSlices(sql, task, slices));
        } finally {
          db.exec("PRAGMA synchronous = FULL");
        }
      }),
    drop: (task, name) => guard("drop slices", () => void sql.dropSlices.run(task, name)),
    log: (task, from, limit) =>
      guard("read the log", () =>
        sql.log.all(task, from, limit).map((row) => ({
          seq: Number(row.seq),
          entry: json(row.entry) as Json,
        }))),
    [Symbol.asyncDispose]: close,
  };
}

function statements(db: DatabaseSync) {
  return {
    tasks: db.prepare("SELECT task FROM records ORDER BY task"),
    read: db.prepare("SELECT version, record FROM records WHERE task = ?"),
    write: db.prepare("INSERT OR REPLACE INTO records (task, version, record) VALUES (?, ?, ?)"),
    member: db.prepare("SELECT row FROM members WHERE task = ? AND id = ?"),
    members: db.prepare("SELECT row FROM members WHERE task = ? ORDER BY id"),
    putMember: db.prepare("INSERT OR REPLACE INTO members (task, id, row) VALUES (?, ?, ?)"),
    removeMember: db.prepare("DELETE FROM members WHERE task = ? AND id = ?"),
    update: db.prepare("SELECT row FROM updates WHERE task = ? AND round = ? AND member = ?"),
    updates: db.prepare("SELECT row FROM updates WHERE task = ? AND round = ? ORDER BY position"),
    removeUpdate: db.prepare("DELETE FROM updates WHERE round = ? AND member = ? AND task = ?"),
    putUpdate: db.prepare(
      "INSERT INTO updates (task, round, member, position, row) VALUES (?, ?, ?, ?, ?)",
    ),
    dropUpdates: db.prepare("DELETE FROM updates WHERE task = ? AND round < ?"),
    slice: db.prepare("SELECT bytes FROM slices WHERE task = ? AND name = ? AND part = ?"),
    sliceNames: db.prepare(
      "SELECT DISTINCT name FROM slices WHERE task = ? AND name >= ? AND name < ? ORDER BY name",
    ),
    putSlice: db.prepare(
      "INSERT INTO slices (task, name, part, bytes) VALUES (?, ?, ?, ?) " +
        "ON CONFLICT DO UPDATE SET bytes = excluded.bytes",
    ),
    dropSlices: db.prepare("DELETE FROM slices WHERE task = ? AND name = ?"),
    log: db.prepare("SELECT seq, entry FROM log WHERE task = ? AND seq >= ? ORDER BY seq LIMIT ?"),
    appendLog: db.prepare("INSERT INTO log (task, seq, entry) VALUES (?, ?, ?)"),
  } satisfies Record<string, StatementSync>;
}

type Statements = ReturnType<typeof statements>;

function apply(sql: Statements, task: string, change: StoreChange): void {
  for (const id of change.removed ?? []) sql.removeMember.run(task, id);
  for (const row of change.members ?? []) sql.putMember.run(task, row.id, JSON.stringify(row));
  if (change.dropUpdatesBefore !== undefined) sql.dropUpdates.run(task, change.dropUpdatesBefore);
  for (const row of change.updates ?? []) {
    sql.removeUpdate.run(row.round, row.member, task);
    sql.putUpdate.run(task, row.round, row.member, row.position, JSON.stringify(row));
  }
  for (const name of change.dropSlices ?? []) sql.dropSlices.run(task, name);
  putSlices(sql, task, change.slices ?? []);
  for (const row of change.log ?? []) sql.appendLog.run(task, row.seq, JSON.stringify(row.entry));
}

function putSlices(sql: Statements, task: string, slices: readonly SliceRow[]): void {
  for (const slice of slices) {
    checkSlice(slice);
    sql.putSlice.run(task, slice.name, slice.index, slice.bytes);
  }
}

function json(text: unknown): unknown {
  return text === undefined ? undefined : JSON.parse(String(text));
}
