import assert from "node:assert/strict";
import fc from "fast-check";
import { numberRows } from "./touched_rows.ts";

Deno.test("touched rows: items are numbered by first appearance over all lists", () => {
  const { touched, lists } = numberRows(10, [Uint32Array.of(7, 2), Uint32Array.of(2, 9, 9, 7)]);
  assert.deepEqual([...touched], [7, 2, 9]);
  assert.deepEqual(lists.map((list) => [...list]), [[0, 1], [1, 2, 2, 0]]);
});

Deno.test("touched rows: places lead back to the items, each of which is listed once", () => {
  const items = fc.array(fc.nat(49), { maxLength: 30 }).map((list) => Uint32Array.from(list));
  fc.assert(fc.property(items, items, (one, other) => {
    const { touched, lists } = numberRows(50, [one, other]);
    assert.equal(new Set(touched).size, touched.length);
    assert.deepEqual(lists[0]!.map((place) => touched[place]!), one);
    assert.deepEqual(lists[1]!.map((place) => touched[place]!), other);
  }));
});

Deno.test("touched rows: an item outside of the table is refused", () => {
  assert.throws(
    () => numberRows(5, [Uint32Array.of(1, 5)]),
    /^RangeError: Cannot train on item 5: expected one below 5$/,
  );
  assert.deepEqual([...numberRows(5, [new Uint32Array()]).touched], []);
});
