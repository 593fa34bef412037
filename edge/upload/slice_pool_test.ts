import assert from "node:assert/strict";
import { createSlicePool } from "./slice_pool.ts";

Deno.test("slice pool: a buffer given back is taken again, by its length", () => {
  const pool = createSlicePool(100);
  const [a, b] = [pool.take(10), pool.take(20)];
  pool.give(a);
  pool.give(b);
  assert.equal(pool.take(20), b);
  assert.equal(pool.take(10), a);
  assert.notEqual(pool.take(10), a);
});

Deno.test("slice pool: keeps no more unused bytes than it may", () => {
  const pool = createSlicePool(15);
  const [a, b] = [pool.take(10), pool.take(10)];
  pool.give(a);
  pool.give(b);
  assert.equal(pool.take(10), a);
  assert.notEqual(pool.take(10), b);
});
