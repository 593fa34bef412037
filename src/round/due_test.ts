import assert from "node:assert/strict";
import { after, modelOf, REGIONS, ROOTS, ROSTER, RULES, sidOf } from "./_testing.ts";
import { alarmAtMs, resume } from "./due.ts";
import type { ActiveEffect } from "./event.ts";

const report: ActiveEffect = { kind: "report", clients: 3 };
const fetch: ActiveEffect = { kind: "fetch", model: modelOf(0) };

for (
  const [name, expected] of Object.entries<readonly ActiveEffect[]>({
    waiting: [],
    open: [],
    sealed: [{ kind: "unmask", round: 1 }],
    unmasking: [{ kind: "publish", round: 1, sum: "03".repeat(32) }],
    published: [{ kind: "open", round: 2 }],
    abandoned: [{ kind: "open", round: 2 }],
    finished: [],
  })
) {
  Deno.test(`resume: what a root that is ${name} does after a crash`, () => {
    assert.deepEqual(resume(ROOTS[name]!), expected);
  });
}

for (
  const [name, expected] of Object.entries<readonly ActiveEffect[]>({
    waiting: [{ kind: "report", clients: 0 }],
    open: [report, fetch],
    sealed: [report, { kind: "forward", round: 1, sid: sidOf(1), clients: 3 }],
    forwarded: [report],
    done: [report],
    abandoned: [report],
    finished: [{ kind: "fetch", model: modelOf(1) }],
  })
) {
  Deno.test(`resume: what a region that is ${name} does after a crash`, () => {
    assert.deepEqual(resume(REGIONS[name]!), expected);
  });
}

Deno.test("resume: a root that waits with clients enough opens", () => {
  assert.deepEqual(resume(after(ROOTS.waiting!, [ROSTER])), [{ kind: "open", round: 1 }]);
});

Deno.test("alarm: at the deadline of an open round, and the parent's of a forwarded one", () => {
  assert.equal(alarmAtMs(ROOTS.open!), 60_000);
  assert.equal(alarmAtMs(REGIONS.open!), 28_000);
  assert.equal(alarmAtMs(REGIONS.forwarded!), 32_000);
});

Deno.test("alarm: between a root's rounds, when its minutes are over", () => {
  const timed = { ...ROOTS.published!, rules: { ...RULES, stop: { rounds: 3, minutes: 2 } } };
  assert.equal(alarmAtMs(timed), 120_000);
  assert.equal(alarmAtMs(ROOTS.published!), undefined);
});

Deno.test("alarm: none while others are waited for, or at the end", () => {
  for (const record of [ROOTS.sealed, ROOTS.unmasking, ROOTS.finished, REGIONS.done]) {
    assert.equal(alarmAtMs(record!), undefined);
  }
});
