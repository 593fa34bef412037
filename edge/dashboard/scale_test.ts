import assert from "node:assert/strict";
import fc from "fast-check";
import { placeOn, scaleOf, wholeTicks } from "./scale.ts";

Deno.test("scale: ticks are round, and the ends hold all values", () => {
  assert.deepEqual(scaleOf([0.2, 0.9]).ticks, [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(scaleOf([0.61, 0.69]).ticks, [0.6, 0.62, 0.64, 0.66, 0.68, 0.7]);
  assert.deepEqual(scaleOf([120, 3]).ticks, [0, 50, 100, 150]);
  assert.deepEqual(scaleOf([-4, 4]).ticks, [-4, -2, 0, 2, 4]);
  assert.deepEqual(scaleOf([0]).ticks, [0, 0.2]);
  const value = fc.double({ min: -1e9, max: 1e9, noNaN: true });
  fc.assert(fc.property(fc.array(value, { minLength: 1, maxLength: 20 }), (values) => {
    const scale = scaleOf(values);
    assert.ok(scale.ticks.length >= 2 && scale.ticks.length <= 9, `${scale.ticks}`);
    for (const value of values) {
      const at = placeOn(scale, value);
      assert.ok(at >= -1e-6 && at <= 1 + 1e-6, `${value} at ${at} of ${scale.from} to ${scale.to}`);
    }
  }));
});

Deno.test("scale: whole numbers are a few, and none is left of the first", () => {
  assert.deepEqual(wholeTicks(1, 5), [1, 2, 3, 4, 5]);
  assert.deepEqual(wholeTicks(1, 100), [20, 40, 60, 80, 100]);
  assert.deepEqual(wholeTicks(7, 7), [7]);
});
