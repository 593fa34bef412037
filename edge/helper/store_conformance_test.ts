/**
 * What every helper's store must do, as tests that run over any of them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { memoryHelperStore } from "../memory/helper_store.ts";
import { MAX_SLICE_BYTES } from "../store.ts";
import type { AnswerRow, HelperStore } from "./store.ts";

const TASK = "a".repeat(64);
const OTHER = "b".repeat(64);

/** An answer for the sid that repeats two digits. */
function row(sid: string, change: Partial<AnswerRow> = {}): AnswerRow {
  return {
    sid: sid.repeat(32),
    task: TASK,
    round: 1,
    clients: 3,
    members: "d".repeat(64),
    answer: Uint8Array.of(1, 2, 3),
    ...change,
  };
}

/**
 * Registers the suite.
 *
 * @param name What is tested; begins each test's name.
 * @param make Gives an empty store; the suite disposes of it.
 */
export function testHelperStore(name: string, make: () => Promise<HelperStore>): void {
  const test = (sentence: string, body: (store: HelperStore) => Promise<void>) =>
    Deno.test(`${name}: ${sentence}`, async () => {
      await using store = await make();
      await body(store);
    });

  test("an empty store has no task and no answer", async (store) => {
    assert.equal(await store.task(TASK), undefined);
    assert.deepEqual(await store.tasks(), []);
    assert.equal(await store.answer("00".repeat(32)), undefined);
  });

  test("a task is kept as it came first", async (store) => {
    await store.putTask(OTHER, { name: "other" });
    await store.putTask(TASK, { name: "first", list: [1, null, "ü"] });
    await store.putTask(TASK, { name: "second" });
    assert.deepEqual(await store.task(TASK), { name: "first", list: [1, null, "ü"] });
    assert.deepEqual(await store.tasks(), [TASK, OTHER]);
  });

  test("an answer reads back as written", async (store) => {
    assert.deepEqual(await store.putAnswer(row("0a")), row("0a"));
    assert.deepEqual(await store.answer("0a".repeat(32)), row("0a"));
    assert.equal(await store.answer("0b".repeat(32)), undefined);
  });

  test("a sid that has an answer keeps it", async (store) => {
    await store.putAnswer(row("0a"));
    const other = row("0a", { clients: 4, members: "e".repeat(64), answer: Uint8Array.of(9) });
    assert.deepEqual(await store.putAnswer(other), row("0a"));
    assert.deepEqual(await store.answer("0a".repeat(32)), row("0a"));
  });

  test("of many answers for one sid exactly one is written", async (store) => {
    const all = Array.from({ length: 20 }, (_, at) => row("0a", { answer: Uint8Array.of(at) }));
    const given = await Promise.all(all.map((one) => store.putAnswer(one)));
    const first = given[0]?.answer;
    assert.ok(first !== undefined);
    for (const { answer } of given) assert.deepEqual(answer, first);
    assert.deepEqual((await store.answer("0a".repeat(32)))?.answer, first);
  });

  test("what the caller does to its bytes later is not in the store", async (store) => {
    const answer = Uint8Array.of(1, 2, 3);
    await store.putAnswer(row("0a", { answer }));
    answer.fill(7);
    assert.deepEqual((await store.answer("0a".repeat(32)))?.answer, Uint8Array.of(1, 2, 3));
  });

  test("answers of earlier rounds are dropped, and stay answered", async (store) => {
    await store.putAnswer(row("01", { round: 1 }));
    await store.putAnswer(row("02", { round: 2 }));
    await store.putAnswer(row("03", { round: 3 }));
    await store.putAnswer(row("0f", { round: 1, task: OTHER }));
    await store.dropAnswers(TASK, 3);
    for (const [sid, round] of [["01", 1], ["02", 2]] as const) {
      const dropped = row(sid, { round, answer: undefined });
      assert.deepEqual(await store.answer(sid.repeat(32)), dropped);
      // Also another set, or the same once more, finds it answered.
      assert.deepEqual(await store.putAnswer(row(sid, { round, clients: 9 })), dropped);
      assert.deepEqual(await store.putAnswer(row(sid, { round })), dropped);
    }
    assert.deepEqual(await store.answer("03".repeat(32)), row("03", { round: 3 }));
    assert.deepEqual(await store.answer("0f".repeat(32)), row("0f", { round: 1, task: OTHER }));
  });

  test("an answer without bytes, or with too many for a row, is refused", async (store) => {
    for (const answer of [undefined, new Uint8Array(), new Uint8Array(MAX_SLICE_BYTES + 1)]) {
      await assert.rejects(store.putAnswer(row("0a", { answer })), RangeError);
    }
    assert.equal(await store.answer("0a".repeat(32)), undefined);
    const longest = new Uint8Array(MAX_SLICE_BYTES).fill(5);
    await store.putAnswer(row("0a", { answer: longest }));
    assert.deepEqual((await store.answer("0a".repeat(32)))?.answer, longest);
  });
}

testHelperStore("helper store in memory", () => Promise.resolve(memoryHelperStore()));
