import assert from "node:assert/strict";
import fc from "fast-check";
import {
  averagePrecisionAt,
  coverage,
  discount,
  gradedNdcg,
  hitRate,
  ndcg,
  precision,
  recall,
  reciprocalRank,
} from "./ranking.ts";

const METRICS = { recall, precision, hitRate, ndcg, averagePrecisionAt, reciprocalRank };

Deno.test("ranking: hits at ranks 2 and 4 of four, two of three relevant", () => {
  const list = [7, 1, 8, 2];
  const relevant = new Set([1, 2, 3]);
  const ideal = 1 + 1 / Math.log2(3) + 0.5;
  assert.equal(recall(list, relevant), 2 / 3);
  assert.equal(precision(list, relevant), 0.5);
  assert.equal(hitRate(list, relevant), 1);
  assert.equal(ndcg(list, relevant), (1 / Math.log2(3) + 1 / Math.log2(5)) / ideal);
  assert.equal(averagePrecisionAt(list, relevant), (1 / 2 + 2 / 4) / 3);
  assert.equal(reciprocalRank(list, relevant), 1 / 2);
});

Deno.test("ranking: a cut leaves out what is below it", () => {
  const list = [7, 1, 8, 2];
  const relevant = new Set([1, 2]);
  assert.equal(recall(list, relevant, { k: 3 }), 0.5);
  assert.equal(precision(list, relevant, { k: 3 }), 1 / 3);
  assert.equal(hitRate(list, relevant, { k: 1 }), 0);
  assert.equal(reciprocalRank(list, relevant, { k: 1 }), 0);
});

Deno.test("ranking: a list shorter than k counts as empty below its end", () => {
  assert.equal(precision([1], new Set([1]), { k: 10 }), 0.1);
  assert.equal(ndcg([1], new Set([1, 2]), { k: 10 }), 1 / (1 + 1 / Math.log2(3)));
});

Deno.test("ranking: nothing relevant, or an empty list, gives 0 and not NaN", () => {
  for (const metric of Object.values(METRICS)) {
    assert.equal(metric([1, 2], new Set()), 0);
    assert.equal(metric([], new Set([1])), 0);
  }
});

Deno.test("ranking: cuts are whole numbers above 0", () => {
  for (const k of [0, -1, 1.5, NaN]) {
    assert.throws(
      () => recall([1], new Set([1]), { k }),
      new RangeError(`Cannot cut a ranked list at ${k}: expected a whole number above 0`),
    );
  }
});

Deno.test("ranking: every metric is in [0, 1], and 1 for the ideal list", () => {
  const list = fc.uniqueArray(fc.nat({ max: 30 }), { minLength: 1 });
  fc.assert(fc.property(list, list, fc.integer({ min: 1, max: 20 }), (ranked, wanted, k) => {
    const relevant = new Set(wanted);
    for (const metric of Object.values(METRICS)) {
      const value = metric(ranked, relevant, { k });
      assert.ok(value >= 0 && value <= 1 + 1e-12);
      assert.ok(Math.abs(metric(wanted, relevant) - 1) < 1e-12);
    }
  }));
});

Deno.test("ranking: binary NDCG is graded NDCG with the grades 0 and 1", () => {
  const list = fc.uniqueArray(fc.nat({ max: 19 }), { minLength: 20, maxLength: 20 });
  const relevant = fc.uniqueArray(fc.nat({ max: 19 }));
  fc.assert(fc.property(list, relevant, fc.integer({ min: 1, max: 20 }), (ranked, wanted, k) => {
    const grades = Array.from({ length: 20 }, (_, item) => wanted.includes(item) ? 1 : 0);
    const binary = ndcg(ranked, new Set(wanted), { k });
    for (const gain of ["linear", "exponential"] as const) {
      assert.ok(Math.abs(gradedNdcg(ranked, grades, { k, gain }) - binary) < 1e-12);
    }
  }));
});

Deno.test("ranking: coverage counts an item once, however many lists show it", () => {
  assert.equal(coverage([[1, 2, 3], [2, 1, 4]], { k: 2, items: 8 }), 0.25);
  assert.equal(coverage([[1, 2, 3], [2, 1, 4]], { items: 8 }), 0.5);
  assert.equal(coverage([], { items: 8 }), 0);
});

Deno.test("ranking: the discount of ranks 1 and 3 is 1 and one half", () => {
  assert.deepEqual([discount(1), discount(3)], [1, 0.5]);
});
