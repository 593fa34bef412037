/**
 * A helper's store in the SQLite database of one Durable Object.
 *
 * That a sid has one answer is the primary key of a table from which no row is ever deleted. The
 * platform can put an object back to an earlier point in time: never do that to a helper's, which
 * would answer again what it has answered since.
 *
 * @module
 */
import type { Json } from "../../src/core/json.ts";
import { type AnswerRow, checkAnswer, type HelperStore } from "../helper/store.ts";
import {
  bytesOf,
  type Database,
  type ObjectFormat,
  type ObjectStorage,
  openDatabase,
  rowText,
  type SqlValue,
} from "./database.ts";
import { nonceStep } from "./nonce_log.ts";

const HELPER: ObjectFormat = {
  name: "helper",
  steps: [
    `CREATE TABLE tasks (id TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT, WITHOUT ROWID;
     CREATE TABLE answers (
       sid TEXT PRIMARY KEY, task TEXT NOT NULL, round INTEGER NOT NULL, clients INTEGER NOT NULL,
       members TEXT NOT NULL, answer BLOB
     ) STRICT;
     CREATE INDEX answers_by_round ON answers (task, round) WHERE answer IS NOT NULL;`,
    nonceStep("tasks"),
  ],
};

/**
 * Opens the database of a helper's object, making its tables if there are none.
 *
 * @param storage `ctx.storage` of an object whose class is declared with SQLite.
 * @throws {TributaryError} `store-failed` if the object holds something else, or a newer version's
 * tables.
 */
export function openHelper(storage: ObjectStorage): Database {
  return openDatabase(storage, HELPER);
}

/** The store in the database of a helper's object. */
export function objectHelperStore({ sql, guard, commit }: Database): HelperStore {
  const answerOf = (sid: string) => rowOf(sql("SELECT * FROM answers WHERE sid = ?", sid)[0]);
  return {
    task: (id) =>
      guard("read a task", () => {
        const [row] = sql("SELECT document FROM tasks WHERE id = ?", id);
        return row && JSON.parse(String(row.document)) as Json;
      }),
    tasks: () =>
      guard(
        "list tasks",
        () => sql("SELECT id FROM tasks ORDER BY id").map((row) => String(row.id)),
      ),
    putTask: (id, document) =>
      commit("write a task", () => {
        const text = rowText("a task", document);
        sql("INSERT INTO tasks VALUES (?, ?) ON CONFLICT DO NOTHING", id, text);
      }),
    answer: (sid) => guard("read an answer", () => answerOf(sid)),
    putAnswer: (row) =>
      commit("write an answer", () => {
        checkAnswer(row);
        const { sid, task, round, clients, members, answer = null } = row;
        sql(
          "INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
          ...[sid, task, round, clients, members, answer],
        );
        return answerOf(sid) ?? row;
      }),
    dropAnswers: (task, beforeRound) =>
      guard("drop answers", () => {
        const dropped = "UPDATE answers SET answer = NULL " +
          "WHERE task = ? AND round < ? AND answer IS NOT NULL";
        sql(dropped, task, beforeRound);
      }),
    // The object's database lives as long as the object.
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function rowOf(row: Record<string, SqlValue> | undefined): AnswerRow | undefined {
  if (row === undefined) return undefined;
  return {
    sid: String(row.sid),
    task: String(row.task),
    round: Number(row.round),
    clients: Number(row.clients),
    members: String(row.members),
    answer: bytesOf(row.answer),
  };
}
