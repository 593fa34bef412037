import assert from "node:assert/strict";
import { beginRegion } from "../../src/round/begin.ts";
import { readTaskRecord } from "./task_state.ts";

const { record: round } = beginRegion({
  task: "a".repeat(64),
  rules: {
    ...{ min: 1, max: 9, sampling: { kind: "all" }, roundMs: 1000 },
    ...{ mask: "none", stop: { rounds: 1 } },
  },
  parent: "b".repeat(43),
});
const record = { round, sums: {}, models: [], logLength: 1, parent: null };

Deno.test("task state: a record of format 3 is taken up with its sums in the one lane", () => {
  const stored = { ...record, round: { ...round, format: 3 }, sums: { 0: "sum/1", 4: "sum/2" } };
  assert.deepEqual(readTaskRecord(JSON.parse(JSON.stringify(stored))), {
    ...record,
    sums: { 0: { 0: "sum/1" }, 4: { 0: "sum/2" } },
  });
});

Deno.test("task state: a record of the present format is read back as it was", () => {
  const stored = { ...record, sums: { 0: { 0: "sum/1", 2: "sum/2" } } };
  assert.deepEqual(readTaskRecord(JSON.parse(JSON.stringify(stored))), stored);
});
