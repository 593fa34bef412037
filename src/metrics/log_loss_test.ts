import assert from "node:assert/strict";
import fc from "fast-check";
import { brierScore, categoricalLogLoss, logLoss } from "./log_loss.ts";

Deno.test("log-loss: one half for everything costs log 2", () => {
  assert.equal(logLoss([0, 1, 1], [0.5, 0.5, 0.5]), Math.LN2);
});

Deno.test("log-loss: a weight of two is the row twice", () => {
  const row = fc.record({
    label: fc.nat({ max: 1 }),
    p: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(fc.property(fc.array(row, { minLength: 1 }), (rows) => {
    const labels = rows.map(({ label }) => label);
    const ps = rows.map(({ p }) => p);
    const weights = rows.map((_, at) => at === 0 ? 2 : 1);
    const found = logLoss(labels, ps, { weights });
    const expected = logLoss([labels[0]!, ...labels], [ps[0]!, ...ps]);
    assert.ok(Math.abs(found - expected) <= 1e-9 * expected);
  }));
});

Deno.test("log-loss: certainty that is wrong costs much, but not infinitely much", () => {
  assert.equal(logLoss([1], [0]), 52 * Math.LN2);
});

Deno.test("log-loss: two classes by the categorical form cost the same", () => {
  const ps = [0.1, 0.4, 0.8];
  const found = categoricalLogLoss([0, 1, 1], ps.map((p) => [1 - p, p]));
  assert.ok(Math.abs(found - logLoss([0, 1, 1], ps)) < 1e-12);
});

Deno.test("Brier score: the mean squared difference", () => {
  assert.equal(brierScore([0, 1], [0.5, 1]), 0.125);
});

Deno.test("log-loss: what is no probability is a mistake of the caller", () => {
  for (const p of [-0.1, 1.1, NaN, Infinity]) {
    const error = new RangeError(`Cannot take ${p} for a probability: expected a value in [0, 1]`);
    assert.throws(() => logLoss([1], [p]), error);
    assert.throws(() => brierScore([1], [p]), error);
    assert.throws(() => categoricalLogLoss([0], [[p]]), error);
  }
  assert.throws(
    () => categoricalLogLoss([2], [[0.5, 0.5]]),
    new RangeError("Cannot take undefined for a probability: expected a value in [0, 1]"),
  );
});

Deno.test("log-loss: lengths that differ are a mistake of the caller", () => {
  const expected = "expected one probability, and one weight if there are any, a label";
  assert.throws(
    () => logLoss([1, 0], [1]),
    new RangeError(`Cannot compare 1 probabilities with 2 labels: ${expected}`),
  );
  assert.throws(
    () => logLoss([1, 0], [1, 0], { weights: [1] }),
    new RangeError(`Cannot compare 2 probabilities with 2 labels: ${expected}`),
  );
});
