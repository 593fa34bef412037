import assert from "node:assert/strict";
import { isTributaryError } from "../core/errors.ts";
import { alsTable, trace } from "./als_table.ts";

Deno.test("als table: a model of one table is read off its shape", () => {
  const table = alsTable([{ name: "items", shape: [7, 3] }]);
  assert.deepEqual(table, { name: "items", items: 7, dim: 3 });
});

Deno.test("als table: any other model is refused when the task is made", () => {
  const table = { name: "items", shape: [7, 3] };
  const others = [[], [table, { name: "bias", shape: [7] }], [{ name: "bias", shape: [7] }], [
    { name: "cube", shape: [2, 2, 2] },
  ], [{ name: "none", shape: [0, 3] }]];
  for (const model of others) {
    assert.throws(() => alsTable(model), (error) => {
      assert.ok(isTributaryError(error, "task-refused"));
      assert.match(error.message, /^Cannot take an ALS step on tensors .*: expected one of shape/);
      return true;
    });
  }
});

Deno.test("als table: the trace of a packed triangle is the sum of its diagonal", () => {
  assert.equal(trace([]), 0);
  assert.equal(trace([2]), 2);
  assert.equal(trace([1, 10, 2, 10, 10, 4, 10, 10, 10, 8]), 15);
});
