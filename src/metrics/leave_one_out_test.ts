import assert from "node:assert/strict";
import fc from "fast-check";
import { evaluateLeaveOneOut, rankHeldOut, summariseLeaveOneOut } from "./leave_one_out.ts";
import type { LeaveOneOutCase } from "./leave_one_out.ts";

/** Twelve items; item 0 is in train, item 1 is held out, items 2 to 5 are the negatives. */
const CASE: LeaveOneOutCase = {
  person: 7,
  train: Uint32Array.of(0),
  test: 1,
  negatives: Uint32Array.of(2, 3, 4, 5),
};

Deno.test("leave-one-out: the rank among the negatives decides hit rate and NDCG", () => {
  const scores = [99, 5, 9, 8, 1, 2, 0, 0, 0, 0, 0, 0];
  assert.deepEqual(rankHeldOut(scores, CASE, { k: 3 }), {
    person: 7,
    hitRate: 1,
    ndcg: 0.5,
    recall: 1,
    top: Uint32Array.of(2, 3, 1),
  });
  assert.deepEqual(rankHeldOut(scores, CASE, { k: 2 }), {
    person: 7,
    hitRate: 0,
    ndcg: 0,
    recall: 0,
    top: Uint32Array.of(2, 3),
  });
});

Deno.test("leave-one-out: the whole catalogue without train decides recall", () => {
  const scores = [99, 5, 1, 1, 1, 1, 6, 7, 8, 0, 0, 0];
  const found = rankHeldOut(scores, CASE, { k: 3 });
  assert.deepEqual([found.hitRate, found.ndcg, found.recall], [1, 1, 0]);
  assert.deepEqual(found.top, Uint32Array.of(8, 7, 6));
});

Deno.test("leave-one-out: ties count against the held-out item, here and there", () => {
  const found = rankHeldOut(new Float32Array(12), CASE, { k: 4 });
  assert.deepEqual([found.hitRate, found.ndcg, found.recall], [0, 0, 0]);
  assert.equal(rankHeldOut(new Float32Array(12), CASE, { k: 5 }).hitRate, 1);
});

Deno.test("leave-one-out: a model that gives NaN hits nothing and recommends nothing", () => {
  const found = rankHeldOut(new Float32Array(12).fill(NaN), CASE, { k: 3 });
  assert.deepEqual([found.hitRate, found.ndcg, found.recall], [0, 0, 0]);
  assert.equal(found.top.length, 0);
});

Deno.test("leave-one-out: items in train are never recommended and never count as rivals", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 12, maxLength: 12 }),
    (scores) => {
      const found = rankHeldOut(scores, CASE, { k: 4 });
      assert.ok(!found.top.includes(0));
      const rivals = scores.slice(2).filter((score) => score >= scores[1]!).length;
      assert.equal(found.recall, rivals < 4 ? 1 : 0);
    },
  ));
});

Deno.test("leave-one-out: means, standard errors and coverage over people", () => {
  const results = [1, 0, 0, 0].map((hitRate, person) => ({
    person,
    hitRate,
    ndcg: hitRate / 2,
    recall: 0,
    top: Uint32Array.of(person, 9),
  }));
  const report = summariseLeaveOneOut(results, { items: 10 });
  assert.deepEqual(report, {
    people: 4,
    hitRate: 0.25,
    ndcg: 0.125,
    recall: 0,
    coverage: 0.5,
    // Sum of squares 3/4 over 3 degrees of freedom and 4 people.
    standardError: { hitRate: 0.25, ndcg: 0.125, recall: 0 },
  });
});

Deno.test("leave-one-out: one person has no spread, so a standard error of 0", () => {
  const report = evaluateLeaveOneOut(() => new Float32Array(12), { cases: [CASE], items: 12 });
  assert.deepEqual(report.standardError, { hitRate: 0, ndcg: 0, recall: 0 });
});

Deno.test("leave-one-out: each person is scored once, and the array may be used again", () => {
  const asked: number[] = [];
  const shared = new Float32Array(12);
  const cases = [0, 1].map((person) => ({ ...CASE, person }));
  const report = evaluateLeaveOneOut((person) => {
    asked.push(person);
    shared.fill(0);
    shared[person === 0 ? 1 : 2] = 1;
    return shared;
  }, { cases, items: 12, k: 1 });
  assert.deepEqual(asked, [0, 1]);
  assert.deepEqual([report.hitRate, report.ndcg, report.recall, report.coverage], [
    0.5,
    0.5,
    0.5,
    2 / 12,
  ]);
});

Deno.test("leave-one-out: nobody to ask is bad data", () => {
  assert.throws(() => evaluateLeaveOneOut(() => [], { cases: [], items: 12 }), {
    name: "TributaryError",
    code: "bad-data",
    message: "Cannot evaluate: nobody has a held-out item, " +
      "expected somebody with two ratings or more",
  });
});

Deno.test("leave-one-out: another number of scores than items is a mistake of the caller", () => {
  assert.throws(
    () => evaluateLeaveOneOut(() => new Float32Array(11), { cases: [CASE], items: 12 }),
    new RangeError("Cannot evaluate person 7: 11 scores, expected 12"),
  );
});
