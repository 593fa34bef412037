import assert from "node:assert/strict";
import fc from "fast-check";
import { seededRng } from "../core/random.ts";
import { drawQuotas } from "./quotas.ts";

const rngOf = (seed: number) => seededRng(new Uint8Array(32).fill(seed));

Deno.test("quotas: they sum up to the count, and no group gives more than it has", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 20 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer({ min: 0, max: 255 }),
      (sizes, part, seed) => {
        const all = sizes.reduce((sum, size) => sum + size, 0);
        const count = Math.floor(part * all);
        const quotas = drawQuotas(count, sizes, rngOf(seed));
        assert.equal(quotas.length, sizes.length);
        assert.equal(quotas.reduce((sum, quota) => sum + quota, 0), count);
        for (const [group, quota] of quotas.entries()) {
          assert.ok(Number.isInteger(quota) && quota >= 0 && quota <= sizes[group]!);
        }
      },
    ),
  );
});

Deno.test("quotas: everybody is drawn when all are asked for, and nobody when none is", () => {
  assert.deepEqual(drawQuotas(10, [3, 0, 7], rngOf(1)), [3, 0, 7]);
  assert.deepEqual(drawQuotas(0, [3, 0, 7], rngOf(1)), [0, 0, 0]);
  assert.deepEqual(drawQuotas(0, [], rngOf(1)), []);
});

Deno.test("quotas: more clients than there are cannot be drawn", () => {
  for (const count of [11, -1, NaN]) {
    assert.throws(() => drawQuotas(count, [3, 7], rngOf(1)), RangeError);
  }
});

Deno.test("quotas: the same seed gives the same quotas", () => {
  assert.deepEqual(
    drawQuotas(50, [40, 60, 100], rngOf(3)),
    drawQuotas(50, [40, 60, 100], rngOf(3)),
  );
});

/** Probability that a hypergeometric draw of `count` has `k` of `size` among `all`. */
function hypergeometric(k: number, { count, size, all }: Record<string, number>): number {
  const choose = (n: number, r: number) => {
    let ways = 1;
    for (let i = 0; i < r; i++) ways *= (n - i) / (i + 1);
    return ways;
  };
  return choose(size!, k) * choose(all! - size!, count! - k) / choose(all!, count!);
}

for (const count of [4, 9]) {
  Deno.test(`quotas: a group's share of ${count} of 12 clients is hypergeometric`, () => {
    const sizes = [5, 3, 4];
    const rng = rngOf(count);
    const draws = 20_000;
    const seen = sizes.map(() => new Array<number>(13).fill(0));
    for (let i = 0; i < draws; i++) {
      drawQuotas(count, sizes, rng).forEach((quota, group) => seen[group]![quota]! += 1);
    }
    for (const [group, size] of sizes.entries()) {
      let chi2 = 0;
      let bins = 0;
      for (let k = Math.max(0, count - (12 - size)); k <= Math.min(size, count); k++) {
        const expected = draws * hypergeometric(k, { count, size, all: 12 });
        chi2 += (seen[group]![k]! - expected) ** 2 / expected;
        bins++;
      }
      // Up to five degrees of freedom: one in a thousand is above 20.5; the seed is fixed.
      assert.ok(bins > 2 && chi2 < 20.5, `group ${group}: chi² ${chi2} over ${bins} bins`);
    }
  });
}

Deno.test("quotas: a thousand groups of a million clients are drawn from", () => {
  const sizes = Array.from({ length: 1000 }, (_, group) => 500 + group);
  const quotas = drawQuotas(16_000, sizes, rngOf(5));
  assert.equal(quotas.reduce((sum, quota) => sum + quota, 0), 16_000);
  const half = quotas.slice(500).reduce((sum, quota) => sum + quota, 0);
  // The larger half has 62.5 % of the clients; a standard deviation is about 61.
  assert.ok(Math.abs(half - 10_000) < 250, `${half}`);
});
