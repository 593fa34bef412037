/**
 * A helper's store in memory, for tests and demonstrations: all the rules, none of the durability.
 *
 * @module
 */
import type { Json } from "../../src/core/json.ts";
import { type AnswerRow, checkAnswer, type HelperStore } from "../helper/store.ts";

/** A helper's store that lives as long as the process. */
export function memoryHelperStore(): HelperStore {
  const tasks = new Map<string, Json>();
  const answers = new Map<string, AnswerRow>();
  return {
    task: (id) => Promise.resolve(structuredClone(tasks.get(id))),
    tasks: () => Promise.resolve([...tasks.keys()].sort()),
    putTask(id, document) {
      if (!tasks.has(id)) tasks.set(id, structuredClone(document));
      return Promise.resolve();
    },
    answer: (sid) => Promise.resolve(answers.get(sid)),
    // Without an await between the look and the write, so nothing can come in between.
    // deno-lint-ignore require-await
    async putAnswer(row) {
      checkAnswer(row);
      const given = answers.get(row.sid);
      if (given !== undefined) return given;
      answers.set(row.sid, { ...row, answer: row.answer?.slice() });
      return row;
    },
    dropAnswers(task, beforeRound) {
      for (const row of answers.values()) {
        if (row.task === task && row.round < beforeRound) {
          answers.set(row.sid, { ...row, answer: undefined });
        }
      }
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
