import assert from "node:assert/strict";
import fc from "fast-check";
import type { History, Interactions } from "./interactions.ts";
import { leaveOneOut, NONE } from "./split.ts";

function people(counts: readonly number[]): Interactions {
  const items = Math.max(1, ...counts);
  return {
    people: counts.map((_, person) => `p${person}`),
    items: Array.from({ length: items }, (_, item) => `i${item}`),
    titles: Array.from({ length: items }, (_, item) => `I${item}`),
    histories: counts.map((count): History => ({
      items: Uint32Array.from({ length: count }, (_, at) => count - 1 - at),
      ratings: new Float32Array(count).fill(1),
      times: Float64Array.from({ length: count }, (_, at) => at),
    })),
  };
}

Deno.test("split: the last rating by time is the test, the rest is train", () => {
  const { train, test, validation } = leaveOneOut(people([3, 2, 1, 0]));
  assert.deepEqual([...test], [0, 0, NONE, NONE]);
  assert.deepEqual([...validation], [NONE, NONE, NONE, NONE]);
  assert.deepEqual(train.histories.map(({ items }) => [...items]), [[2, 1], [1], [0], []]);
  assert.deepEqual([...train.histories[0]!.times], [0, 1]);
});

Deno.test("split: with validation the rating before the last is kept back too", () => {
  const { train, test, validation } = leaveOneOut(people([4, 3, 2, 1]), { validation: true });
  assert.deepEqual([...test], [0, 0, 0, NONE]);
  assert.deepEqual([...validation], [1, 1, NONE, NONE]);
  assert.deepEqual(train.histories.map(({ items }) => [...items]), [[3, 2], [2], [1], [0]]);
});

Deno.test("split: the catalogue keeps items that only held-out ratings mention", () => {
  const { train } = leaveOneOut(people([3]));
  assert.deepEqual(train.items, ["i0", "i1", "i2"]);
});

Deno.test("split: every rating is in exactly one of train, validation and test", () => {
  fc.assert(fc.property(
    fc.array(fc.nat({ max: 6 }), { minLength: 1 }),
    fc.boolean(),
    (counts, validation) => {
      const data = people(counts);
      const split = leaveOneOut(data, { validation });
      counts.forEach((count, person) => {
        const held = [split.validation[person]!, split.test[person]!].filter((item) => item >= 0);
        const all = [...split.train.histories[person]!.items, ...held];
        assert.deepEqual(all, [...data.histories[person]!.items]);
        assert.equal(held.length, Math.max(0, Math.min(count - 1, validation ? 2 : 1)));
      });
    },
  ));
});
