import assert from "node:assert/strict";
import { isTributaryError } from "../core/errors.ts";
import { readMessage } from "../wire/message.ts";
import { roundInfoSchema } from "../wire/round_info.ts";
import { PHASE_NAMES, statusSchema } from "../wire/status.ts";
import { hex32, modelOf, REGIONS, ROOTS, sidOf, TASK } from "./_testing.ts";
import { readRecord } from "./record.ts";
import { roundInfo, statusOf } from "./view.ts";

const form = { what: "it", code: "peer-invalid" } as const;

Deno.test("view: an open round answers those who have not seen it, until its deadline", () => {
  const info = roundInfo(ROOTS.open!, 0, 10);
  assert.deepEqual(info, {
    kind: "open",
    task: TASK,
    round: 1,
    sid: sidOf(1),
    roster: hex32(1),
    beacon: hex32(2),
    model: modelOf(0),
    threshold: 1,
    openedAtMs: 0,
    deadlineMs: 60_000,
    nowMs: 10,
  });
  assert.deepEqual(readMessage(roundInfoSchema, info, form), info);
  assert.equal(roundInfo(ROOTS.open!, 1, 10), undefined);
  assert.equal(roundInfo(ROOTS.open!, 0, 60_000), undefined);
});

Deno.test("view: the end answers everyone, and nothing between does", () => {
  const info = roundInfo(ROOTS.finished!, 99, 10);
  assert.deepEqual(info, {
    kind: "finished",
    task: TASK,
    round: 1,
    model: modelOf(1),
    reason: "rounds",
  });
  assert.deepEqual(readMessage(roundInfoSchema, info, form), info);
  for (const name of ["waiting", "sealed", "unmasking", "published", "abandoned"]) {
    assert.equal(roundInfo(ROOTS[name]!, 0, 10), undefined, name);
  }
});

Deno.test("view: the figures of every phase fit their schema", () => {
  for (const record of [...Object.values(ROOTS), ...Object.values(REGIONS)]) {
    const status = statusOf(record, 5);
    assert.deepEqual(readMessage(statusSchema, status, form), status);
    assert.ok(PHASE_NAMES.includes(status.phase));
  }
  assert.deepEqual(statusOf(ROOTS.sealed!, 5), {
    task: TASK,
    role: "root",
    phase: "sealed",
    round: 1,
    model: modelOf(0),
    members: 3,
    size: 3,
    updates: 3,
    clients: 3,
    bytesIn: 300,
    nowMs: 5,
  });
  assert.equal(statusOf(REGIONS.open!, 5).deadlineMs, 28_000);
});

Deno.test("record: every phase is read back from its JSON", () => {
  for (const record of [...Object.values(ROOTS), ...Object.values(REGIONS)]) {
    assert.deepEqual(readRecord(JSON.parse(JSON.stringify(record))), record);
  }
});

Deno.test("record: one of format 3 is taken up in the present form", () => {
  assert.deepEqual(readRecord({ ...ROOTS.open, format: 3 }), ROOTS.open);
});

Deno.test("record: one of another format is not taken for this one", () => {
  const others = [1, 2, 5, "4"].map((format) => ({ ...ROOTS.open, format }));
  for (const stored of [null, undefined, "text", {}, ...others]) {
    assert.throws(() => readRecord(stored), (error) => isTributaryError(error, "store-failed"));
  }
});
