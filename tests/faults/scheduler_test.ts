import assert from "node:assert/strict";
import { createScheduler } from "./scheduler.ts";

const settle = () => new Promise<void>((resolve) => void setImmediate(() => resolve()));
const bounds = { untilMs: 1000, events: 100 };

Deno.test("scheduler: events happen in the order of their time, and of their arrival where that is one", async () => {
  const scheduler = createScheduler({ settle });
  const seen: string[] = [];
  for (const [name, atMs] of [["c", 20], ["a", 10], ["b", 10]] as const) {
    scheduler.after(atMs, { act: () => seen.push(`${name} ${scheduler.nowMs}`) });
  }
  assert.equal(await scheduler.run(() => false, bounds), "idle");
  assert.deepEqual(seen, ["a 10", "b 10", "c 20"]);
});

Deno.test("scheduler: what was prevented does not happen, nor what belongs to the dead", async () => {
  const scheduler = createScheduler({ settle });
  const of = { isAlive: true };
  const seen: string[] = [];
  const prevent = scheduler.after(5, { act: () => seen.push("prevented") });
  scheduler.after(6, { of, act: () => seen.push("of the dead") });
  scheduler.after(1, { act: () => (prevent(), of.isAlive = false) });
  await scheduler.run(() => false, bounds);
  assert.deepEqual(seen, []);
});

Deno.test("scheduler: an event waits until what the last one set going has come to rest", async () => {
  const scheduler = createScheduler({ settle });
  const seen: string[] = [];
  scheduler.after(1, {
    act: () =>
      void (async () => {
        for (let turn = 0; turn < 50; turn++) await null;
        seen.push("first");
      })(),
  });
  scheduler.after(1, { act: () => seen.push("second") });
  await scheduler.run(() => false, bounds);
  assert.deepEqual(seen, ["first", "second"]);
});

Deno.test("scheduler: a run ends when it is told to, or when its time is over", async () => {
  const scheduler = createScheduler({ settle });
  const again = () => void scheduler.after(100, { line: "again", act: again });
  again();
  assert.equal(await scheduler.run(() => scheduler.nowMs >= 300, bounds), "over");
  const hash = scheduler.hash();
  assert.equal(await scheduler.run(() => false, bounds), "late");
  assert.equal(scheduler.nowMs, 1000);
  assert.notEqual(scheduler.hash(), hash);
});
