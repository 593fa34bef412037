import assert from "node:assert/strict";
import fc from "fast-check";
import { auc, averagePrecision, rocCurve } from "./roc.ts";

const rows = fc.array(fc.record({ label: fc.nat({ max: 1 }), score: fc.nat({ max: 6 }) }), {
  maxLength: 40,
});

Deno.test("AUC: the share of pairs in the right order, ties one half", () => {
  fc.assert(fc.property(rows, (sample) => {
    const of = (label: number): number[] =>
      sample.filter((row) => row.label === label).map(({ score }) => score);
    const pairs = of(1).flatMap((a) => of(0).map((b) => a > b ? 1 : a === b ? 0.5 : 0));
    const found = auc(sample.map(({ label }) => label), sample.map(({ score }) => score));
    if (pairs.length === 0) return assert.equal(found, undefined);
    const expected = pairs.reduce((sum: number, pair) => sum + pair, 0) / pairs.length;
    assert.ok(Math.abs(found! - expected) < 1e-12);
  }));
});

Deno.test("AUC: without positives, without negatives, without rows there is none", () => {
  assert.equal(auc([0, 0], [1, 2]), undefined);
  assert.equal(auc([1, 1], [1, 2]), undefined);
  assert.equal(auc([], []), undefined);
});

Deno.test("average precision: without positives there is none", () => {
  assert.equal(averagePrecision([0, 0], [1, 2]), undefined);
  assert.equal(averagePrecision([0, 1, 1], [3, 2, 1]), (1 / 2 + 2 / 3) / 2);
});

Deno.test("ROC curve: equal scores are one point", () => {
  assert.deepEqual(rocCurve([1, 0, 1, 0], [2, 2, 1, 0]), {
    fpr: [0, 0.5, 0.5, 1],
    tpr: [0, 0.5, 1, 1],
  });
});

Deno.test("ROC curve: another number of scores than labels is a mistake of the caller", () => {
  assert.throws(
    () => rocCurve([1, 0], [1]),
    new RangeError("Cannot compare 1 scores with 2 labels: expected one score a label"),
  );
});

Deno.test("ROC curve: infinite scores are ordered, NaN is a mistake of the caller", () => {
  assert.equal(auc([1, 1, 0, 0], [Infinity, Infinity, 3, -Infinity]), 1);
  assert.throws(
    () => auc([1, 0], [0.5, NaN]),
    new RangeError("Cannot order scores: number 1 is NaN, expected numbers"),
  );
});
