import assert from "node:assert/strict";
import { regressionReport } from "./regression.ts";

Deno.test("regression: errors of 1 and 3 over targets 0 and 4", () => {
  assert.deepEqual(regressionReport([0, 4], [1, 1]), {
    mse: 5,
    rmse: Math.sqrt(5),
    mae: 2,
    r2: 1 - 10 / 8,
  });
});

Deno.test("regression: targets that do not vary explain nothing", () => {
  assert.equal(regressionReport([2, 2], [1, 3]).r2, 0);
});

Deno.test("regression: other lengths, and no rows, are mistakes of the caller", () => {
  for (const [targets, predictions] of [[[1], [1, 2]], [[], []]]) {
    assert.throws(
      () => regressionReport(targets!, predictions!),
      new RangeError(
        `Cannot compare ${predictions!.length} predictions with ${targets!.length} targets: ` +
          "expected as many of each, at least one",
      ),
    );
  }
});
