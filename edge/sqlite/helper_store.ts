/**
 * A helper's store in one SQLite file, by `node:sqlite` (Deno, Node).
 *
 * That a sid has one answer is the primary key of a table from which no row is ever deleted. The file
 * is as much a part of the helper as its key: with an older copy of it, a helper would answer again
 * what it has answered since.
 *
 * @module
 */
import type { SQLOutputValue, StatementSync } from "node:sqlite";
import type { Json } from "../../src/core/json.ts";
import { type AnswerRow, checkAnswer, type HelperStore } from "../helper/store.ts";
import { type FileFormat, openDatabase, type SqliteStoreOptions } from "./database.ts";

const HELPER_FILE: FileFormat = {
  // "TRIH"
  applicationId: 0x54524948,
  // A step that was released is never edited.
  steps: [
    `CREATE TABLE tasks (id TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT, WITHOUT ROWID;
     CREATE TABLE answers (
       sid TEXT PRIMARY KEY, task TEXT NOT NULL, round INTEGER NOT NULL, clients INTEGER NOT NULL,
       members TEXT NOT NULL, answer BLOB
     ) STRICT;
     CREATE INDEX answers_by_round ON answers (task, round) WHERE answer IS NOT NULL;`,
  ],
};

/**
 * Opens a helper's store, creating the file if there is none.
 *
 * @param path    Of the file; `<path>-wal` appears beside it while it is open.
 * @param options How long to wait for a file that is still open elsewhere.
 * @throws {TributaryError} `store-failed` if the file is open elsewhere, not a database, another
 * program's or an aggregator's, or of a newer version.
 */
export function sqliteHelperStore(path: string, options: SqliteStoreOptions = {}): HelperStore {
  const { db, guard, transaction, close } = openDatabase(path, HELPER_FILE, options);
  const sql = {
    task: db.prepare("SELECT document FROM tasks WHERE id = ?"),
    tasks: db.prepare("SELECT id FROM tasks ORDER BY id"),
    putTask: db.prepare("INSERT INTO tasks (id, document) VALUES (?, ?) ON CONFLICT DO NOTHING"),
    answer: db.prepare("SELECT * FROM answers WHERE sid = ?"),
    putAnswer: db.prepare(
      "INSERT INTO answers (sid, task, round, clients, members, answer) VALUES (?, ?, ?, ?, ?, ?) " +
        "ON CONFLICT DO NOTHING",
    ),
    dropAnswers: db.prepare(
      "UPDATE answers SET answer = NULL WHERE task = ? AND round < ? AND answer IS NOT NULL",
    ),
  } satisfies Record<string, StatementSync>;
  return {
    task: (id) =>
      guard("read a task", () => {
        const row = sql.task.get(id);
        return row && JSON.parse(String(row.document)) as Json;
      }),
    tasks: () => guard("list tasks", () => sql.tasks.all().map((row) => String(row.id))),
    putTask: (id, document) =>
      guard("write a task", () => void sql.putTask.run(id, JSON.stringify(document))),
    answer: (sid) => guard("read an answer", () => rowOf(sql.answer.get(sid))),
    putAnswer: (row) =>
      guard("write an answer", () => {
        checkAnswer(row);
        const { sid, task, round, clients, members, answer = null } = row;
        return transaction(() => {
          sql.putAnswer.run(sid, task, round, clients, members, answer);
          return rowOf(sql.answer.get(sid)) ?? row;
        });
      }),
    dropAnswers: (task, beforeRound) =>
      guard("drop answers", () => void sql.dropAnswers.run(task, beforeRound)),
    [Symbol.asyncDispose]: close,
  };
}

function rowOf(row: Record<string, SQLOutputValue> | undefined): AnswerRow | undefined {
  if (row === undefined) return undefined;
  return {
    sid: String(row.sid),
    task: String(row.task),
    round: Number(row.round),
    clients: Number(row.clients),
    members: String(row.members),
    answer: row.answer instanceof Uint8Array ? row.answer : undefined,
  };
}
