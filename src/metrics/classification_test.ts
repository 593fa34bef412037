import assert from "node:assert/strict";
import { classificationReport } from "./classification.ts";

Deno.test("classification: everything right gives 1 throughout", () => {
  const found = classificationReport([0, 1, 2, 1], [0, 1, 2, 1], { classes: 3 });
  assert.deepEqual(found.confusion, [[1, 0, 0], [0, 2, 0], [0, 0, 1]]);
  const { accuracy, macroF1, microF1, weightedF1, balancedAccuracy, matthews, cohenKappa } = found;
  assert.deepEqual(
    [accuracy, macroF1, microF1, weightedF1, balancedAccuracy, matthews, cohenKappa],
    [1, 1, 1, 1, 1, 1, 1],
  );
});

Deno.test("classification: one class for all rows agrees no better than chance", () => {
  const found = classificationReport([0, 0, 0, 1], [0, 0, 0, 0], { classes: 2 });
  assert.equal(found.accuracy, 0.75);
  assert.equal(found.balancedAccuracy, 0.5);
  assert.deepEqual([found.matthews, found.cohenKappa], [0, 0]);
});

Deno.test("classification: a class that does not occur does not count in the balanced accuracy", () => {
  const found = classificationReport([0, 0], [0, 0], { classes: 2 });
  assert.equal(found.balancedAccuracy, 1);
  assert.deepEqual(found.recall, [1, 0]);
  assert.deepEqual([found.matthews, found.cohenKappa], [0, 0]);
});

Deno.test("classification: classes out of range and other lengths are mistakes of the caller", () => {
  assert.throws(
    () => classificationReport([0, 2], [0, 1], { classes: 2 }),
    new RangeError("Cannot compare class 1 with 2: expected classes below 2"),
  );
  assert.throws(
    () => classificationReport([0, 1], [0, 7], { classes: 2 }),
    new RangeError("Cannot compare class 7 with 1: expected classes below 2"),
  );
  assert.throws(
    () => classificationReport([0], [], { classes: 2 }),
    new RangeError(
      "Cannot compare 0 predictions with 1 labels: expected as many of each, at least one",
    ),
  );
});
