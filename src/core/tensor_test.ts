import assert from "node:assert/strict";
import { sameShape, sizeOf, tensorOf, zeros } from "./tensor.ts";

Deno.test("tensor: its size is the product of its extents, 1 for a scalar", () => {
  assert.equal(sizeOf([2, 3, 5]), 30);
  assert.equal(sizeOf([7]), 7);
  assert.equal(sizeOf([]), 1);
  assert.equal(sizeOf([4, 0]), 0);
});

Deno.test("tensor: zeros have the shape and as many values", () => {
  assert.deepEqual(zeros([2, 3]), { shape: [2, 3], data: new Float32Array(6) });
  assert.deepEqual(zeros([]), { shape: [], data: Float32Array.of(0) });
});

Deno.test("tensor: one is found by its name, and no other thing of that name is", () => {
  const w = zeros([1]);
  assert.equal(tensorOf({ w }, "w"), w);
  assert.throws(
    () => tensorOf({ w, b: w }, "c"),
    /^RangeError: Cannot find tensor "c": there are w, b$/,
  );
  assert.throws(() => tensorOf({}, "toString"), /Cannot find tensor "toString": there are none$/);
});

Deno.test("tensor: shapes are the same with the same extents in the same order", () => {
  assert.ok(sameShape([], []));
  assert.ok(sameShape([2, 3], [2, 3]));
  assert.ok(!sameShape([2, 3], [3, 2]));
  assert.ok(!sameShape([6], [2, 3]));
  assert.ok(!sameShape([2], [2, 1]));
});
