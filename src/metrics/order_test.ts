import assert from "node:assert/strict";
import fc from "fast-check";
import { rankOfTarget, topK, withoutItems } from "./order.ts";

const scores = fc.array(
  fc.oneof(fc.constantFrom(NaN, Infinity, -Infinity, 0, -0, 1), fc.double()),
  { minLength: 1, maxLength: 40 },
);

Deno.test("rank: a tie counts against the target, so equal scores give the last rank", () => {
  assert.equal(rankOfTarget(new Float32Array(100), 0), 100);
  assert.equal(rankOfTarget([1, 2, 2, 3], 1), 3);
});

Deno.test("rank: NaN is the worst score, for the target and for the others", () => {
  assert.equal(rankOfTarget([NaN, 1, -Infinity, 0], 0), 4);
  assert.equal(rankOfTarget([-Infinity, NaN, NaN], 0), 1);
  assert.equal(rankOfTarget([NaN, NaN, NaN], 1), 3);
  assert.equal(rankOfTarget([NaN, NaN, 0], 0, { ties: "for" }), 2);
});

Deno.test("rank: infinities are ordinary scores", () => {
  assert.equal(rankOfTarget([Infinity, 1, Infinity], 0), 2);
  assert.equal(rankOfTarget([-Infinity, 1, -Infinity], 0), 3);
});

Deno.test("rank: among some items only those count, and the target not against itself", () => {
  const all = [5, 9, 8, 7, 6];
  assert.equal(rankOfTarget(all, 0, { among: [4, 3] }), 3);
  assert.equal(rankOfTarget(all, 3, { among: [3, 4, 0] }), 1);
  assert.equal(rankOfTarget(all, 0, { among: [] }), 1);
});

Deno.test("rank: a target without a score is a mistake of the caller", () => {
  assert.throws(
    () => rankOfTarget([1, 2], 2),
    new RangeError("Cannot rank item 2: expected one below 2"),
  );
});

Deno.test("rank: the three rules for ties bound and halve each other", () => {
  fc.assert(fc.property(scores, fc.nat(), (all, pick) => {
    const target = pick % all.length;
    const [against, average, best] = (["against", "average", "for"] as const)
      .map((ties) => rankOfTarget(all, target, { ties }));
    assert.equal((against! + best!) / 2, average);
    assert.ok(1 <= best! && best! <= against! && against! <= all.length);
  }));
});

Deno.test("rank: different scores have different ranks, from 1 to their number", () => {
  fc.assert(fc.property(fc.uniqueArray(fc.integer(), { minLength: 1 }), (all) => {
    const ranks = all.map((_, item) => rankOfTarget(all, item)).sort((a, b) => a - b);
    assert.deepEqual(ranks, all.map((_, at) => at + 1));
  }));
});

Deno.test("top k: best first, the lower index first of equals, without NaN and excluded items", () => {
  assert.deepEqual(topK([1, 3, 2, 3, NaN, 5], { k: 3 }), Uint32Array.of(5, 1, 3));
  assert.deepEqual(topK([1, 3, 2, 3, NaN, 5], { k: 9 }), Uint32Array.of(5, 1, 3, 2, 0));
  assert.deepEqual(
    topK([1, 3, 2, 3, NaN, 5], { k: 2, exclude: Uint32Array.of(5, 1) }),
    Uint32Array.of(3, 2),
  );
  assert.deepEqual(topK([1, 2], { k: 0 }), new Uint32Array());
  assert.deepEqual(topK([NaN, NaN], { k: 1 }), new Uint32Array());
});

Deno.test("top k: the same as sorting everything", () => {
  fc.assert(fc.property(scores, fc.nat({ max: 45 }), (all, k) => {
    const sorted = all.map((score, item) => ({ score, item }))
      .filter(({ score }) => !Number.isNaN(score))
      .sort((a, b) => a.score === b.score ? a.item - b.item : b.score > a.score ? 1 : -1);
    assert.deepEqual([...topK(all, { k })], sorted.slice(0, k).map(({ item }) => item));
  }));
});

Deno.test("without items: the excluded have NaN, the given scores stay", () => {
  const given = Float32Array.of(1, 2, 3);
  assert.deepEqual(withoutItems(given, Uint32Array.of(1)), Float64Array.of(1, NaN, 3));
  assert.deepEqual(given, Float32Array.of(1, 2, 3));
});
