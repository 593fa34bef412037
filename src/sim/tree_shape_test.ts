import assert from "node:assert/strict";
import fc from "fast-check";
import { leafOf, treeShape } from "./tree_shape.ts";

Deno.test("tree shape: levels multiply, and clients go round the leaves", () => {
  const { parents, children, leaves, clients } = treeShape([2, 2], 5);
  assert.deepEqual(parents, [-1, 0, 0, 1, 1, 2, 2]);
  assert.deepEqual(children, [[1, 2], [3, 4], [5, 6], [], [], [], []]);
  assert.deepEqual(leaves, [3, 4, 5, 6]);
  assert.deepEqual(clients, [[], [], [], [0, 4], [1], [2], [3]]);
});

Deno.test("tree shape: without levels everybody is at the root", () => {
  const shape = treeShape([], 3);
  assert.deepEqual(shape, { parents: [-1], children: [[]], leaves: [0], clients: [[0, 1, 2]] });
});

Deno.test("tree shape: every client is at its leaf, and every region below its parent", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }),
    fc.nat(40),
    (levels, count) => {
      const shape = treeShape(levels, count);
      assert.equal(shape.leaves.length, levels.reduce((product, width) => product * width, 1));
      shape.clients.forEach((clients, node) => {
        for (const client of clients) assert.equal(leafOf(shape, client), node);
      });
      assert.deepEqual(
        shape.clients.flat().toSorted((a, b) => a - b),
        Array.from({ length: count }, (_, client) => client),
      );
      shape.parents.forEach((parent, node) => {
        assert.ok(parent < node);
        if (parent >= 0) assert.ok(shape.children[parent]?.includes(node));
      });
    },
  ));
});

Deno.test("tree shape: a level of no regions is refused", () => {
  for (const level of [0, -1, 1.5, NaN]) {
    assert.throws(() => treeShape([2, level], 3), /^RangeError: Cannot make a tree of \[2,/);
  }
});
