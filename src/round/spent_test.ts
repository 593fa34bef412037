import assert from "node:assert/strict";
import { after, hex32, modelOf, openEvent, ROOTS, sidOf, updateEvent } from "./_testing.ts";
import type { RoundEvent } from "./event.ts";
import { step } from "./step.ts";

const publish: RoundEvent = { kind: "publish", round: 1, model: modelOf(1), metrics: {} };
const fail: RoundEvent = { kind: "fail", round: 1, reason: "sum-refused" };
const spent = { sums: 1, epsilon: 0.7, isOver: false } as const;
const unmasking = ROOTS["unmasking"]!;

function logged(event: RoundEvent, record = unmasking) {
  const { effects } = step(record, event, 0);
  return effects.flatMap((effect) => effect.kind === "log" ? [effect.event] : []);
}

Deno.test("spent: what a published sum cost is logged and counted", () => {
  const event = { ...publish, spent };
  const [entry] = logged(event);
  assert.deepEqual(entry?.kind === "published" && entry.spent, { sums: 1, epsilon: 0.7 });
  const { record } = step(unmasking, event, 0);
  assert.equal(record.progress.sums, 1);
  assert.equal(record.phase.kind, "published");
});

Deno.test("spent: a sum that was opened and gave no model is spent all the same", () => {
  const event = { ...fail, spent };
  const [entry] = logged(event);
  assert.deepEqual(entry?.kind === "abandoned" && entry.spent, { sums: 1, epsilon: 0.7 });
  const { record, effects } = step(unmasking, event, 0);
  assert.deepEqual([record.progress.sums, record.phase.kind], [1, "abandoned"]);
  assert.ok(effects.some(({ kind }) => kind === "open"), "the next round is for the same model");
  // It stays counted in the next round.
  const next = after(record, [
    openEvent(2),
    ...[1, 2, 3].map(() => ({ ...updateEvent(2), sid: sidOf(2) })),
    { kind: "unmask", round: 2, sum: hex32(3), members: hex32(4) },
    { ...publish, round: 2, spent: { ...spent, sums: 2 } },
  ]);
  assert.deepEqual([next.progress.sums, next.model?.version], [2, 1]);
});

Deno.test("spent: a task ends when another sum would cost more than it may spend, published or not", () => {
  for (const event of [{ ...publish, spent }, { ...fail, spent }]) {
    const over = { ...event, spent: { ...spent, isOver: true } };
    const { record, effects } = step(unmasking, over, 0);
    assert.deepEqual(record.phase, { kind: "finished", reason: "privacy" });
    const version = event.kind === "publish" ? 1 : 0;
    assert.deepEqual(logged(over).at(-1), {
      ...{ kind: "finished", round: 1, model: modelOf(version), reason: "privacy" },
    });
    assert.ok(!effects.some(({ kind }) => kind === "open"));
  }
});

Deno.test("spent: a stop rule that holds as well is told in its place", () => {
  const last = { ...unmasking, rules: { ...unmasking.rules, stop: { rounds: 1 } } };
  const { record } = step(last, { ...publish, spent: { ...spent, isOver: true } }, 0);
  assert.deepEqual(record.phase, { kind: "finished", reason: "rounds" });
});

Deno.test("spent: a round that was not opened costs nothing, and a second answer costs no more", () => {
  assert.equal(step(unmasking, fail, 0).record.progress.sums, undefined);
  const { record } = step(unmasking, { ...publish, spent }, 0);
  const again = step(record, { ...publish, spent: { ...spent, sums: 2 } }, 0);
  assert.equal(again.record, record);
});
