import assert from "node:assert/strict";
import { regionDeadlines } from "./deadline.ts";

Deno.test("deadline: a region keeps an eighth of what is left", () => {
  assert.deepEqual(regionDeadlines({ deadlineMs: 8000, nowMs: 0 }, 0), {
    deadlineMs: 7000,
    parentDeadlineMs: 8000,
  });
});

Deno.test("deadline: but no more than 30 s", () => {
  const left = 3_600_000;
  assert.deepEqual(regionDeadlines({ deadlineMs: left, nowMs: 0 }, 0), {
    deadlineMs: left - 30_000,
    parentDeadlineMs: left,
  });
});

Deno.test("deadline: clocks that are hours apart make no difference", () => {
  const hours = 10_000_000;
  assert.deepEqual(regionDeadlines({ deadlineMs: 8000, nowMs: 4000 }, hours), {
    deadlineMs: hours + 3500,
    parentDeadlineMs: hours + 4000,
  });
});

Deno.test("deadline: a round that is over closes at once", () => {
  assert.deepEqual(regionDeadlines({ deadlineMs: 8000, nowMs: 9000 }, 50), {
    deadlineMs: 50,
    parentDeadlineMs: 50,
  });
});

Deno.test("deadline: each level of a tree closes before the one above", () => {
  let above = { deadlineMs: 60_000, nowMs: 0 };
  for (let level = 0; level < 5; level++) {
    const { deadlineMs } = regionDeadlines(above, 0);
    assert.ok(deadlineMs < above.deadlineMs);
    above = { deadlineMs, nowMs: 0 };
  }
});
