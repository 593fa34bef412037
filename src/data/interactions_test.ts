import assert from "node:assert/strict";
import { alignItems, pickRatings, ratingCount } from "./interactions.ts";
import type { Interactions } from "./interactions.ts";

const DATA: Interactions = {
  people: ["ann", "bob"],
  items: ["x", "y"],
  titles: ["X", "Y"],
  histories: [
    { items: Uint32Array.of(1, 0), ratings: Float32Array.of(4, 5), times: Float64Array.of(1, 2) },
    { items: Uint32Array.of(1), ratings: Float32Array.of(3), times: Float64Array.of(3) },
  ],
};

Deno.test("interactions: ratings of all people are counted", () => {
  assert.equal(ratingCount(DATA), 3);
});

Deno.test("interactions: picked ratings stand in buffers of their own", () => {
  const history = DATA.histories[0]!;
  const picked = pickRatings(history, Uint32Array.of(1));
  assert.deepEqual(picked, {
    items: Uint32Array.of(0),
    ratings: Float32Array.of(5),
    times: Float64Array.of(2),
  });
  assert.equal(picked.items.buffer.byteLength, 4);
  picked.items[0] = 9;
  assert.deepEqual([...history.items], [1, 0]);
});

Deno.test("interactions: aligned items carry the numbers and titles of the catalogue", () => {
  const catalogue = { items: ["a", "y", "x"], titles: ["Aa", "Yy", "Xx"] };
  const aligned = alignItems(DATA, catalogue);
  assert.deepEqual(aligned.items, catalogue.items);
  assert.deepEqual(aligned.titles, catalogue.titles);
  assert.deepEqual(aligned.histories.map(({ items }) => [...items]), [[1, 2], [1]]);
  assert.deepEqual([...aligned.histories[0]!.ratings], [4, 5]);
});

Deno.test("interactions: an item that the catalogue lacks is refused", () => {
  assert.throws(() => alignItems(DATA, { items: ["x"], titles: ["X"] }), {
    code: "bad-data",
    message: 'Cannot use the rating of item "y": it is not among the 1 items of the catalogue, ' +
      "expected one of them",
  });
});
