import assert from "node:assert/strict";
import fc from "fast-check";
import { toHex, utf8 } from "./bytes.ts";
import { deriveSeed, seededRng, seededSource, systemRandom } from "./random.ts";

const COUNTING = Uint8Array.from({ length: 32 }, (_, i) => i);

Deno.test("random: the seeded stream is frozen, as models are named by what it gives", () => {
  const rng = seededRng(COUNTING);
  assert.deepEqual([rng.u32(), rng.u32(), rng.u32()], [370414096, 84151050, 667610254]);
  assert.equal(rng.below(10), 5);
  assert.equal(rng.below(2 ** 32), 195767067);
  assert.equal(rng.uniform(), 0.12821708769073048);
  assert.equal(rng.normal(), 0.2978687612404489);
});

Deno.test("random: derived seeds are frozen too", async () => {
  assert.equal(
    toHex(await deriveSeed(new Uint8Array(32), "train", 7)),
    "ddb08f2db19cf5c0bcf8f18ea27b0eda825ffc1c9b1d47a37918720a3dba8417",
  );
});

Deno.test("random: a seed lies where its view does, and only its first 16 bytes count", () => {
  const inside = new Uint8Array(40);
  inside.set(COUNTING, 5);
  const first = seededRng(COUNTING).u32();
  assert.equal(seededRng(inside.subarray(5, 37)).u32(), first);
  assert.equal(seededRng(COUNTING.subarray(0, 16)).u32(), first);
  assert.throws(
    () => seededRng(new Uint8Array(15)),
    /^RangeError: Cannot seed a generator: 15 bytes/,
  );
});

Deno.test("random: a seed of zeros gives a stream that is not stuck", () => {
  const rng = seededRng(new Uint8Array(16));
  const seen = new Set(Array.from({ length: 200 }, () => rng.u32()));
  assert.ok(seen.size > 190);
});

Deno.test("random: two streams of one seed never meet each other's state", () => {
  const [a, b] = [seededRng(COUNTING), seededRng(COUNTING)];
  const first = [a.u32(), a.normal(), a.below(7)];
  assert.deepEqual([b.u32(), b.normal(), b.below(7)], first);
});

Deno.test("random: labels with their lengths never run together", async () => {
  const seed = new Uint8Array(32);
  const lists: (string | number)[][] = [
    [],
    [""],
    ["", ""],
    ["ab"],
    ["a", "b"],
    ["", "ab"],
    [1, 2],
    [12],
  ];
  const seeds = await Promise.all(lists.map((labels) => deriveSeed(seed, ...labels)));
  assert.equal(new Set(seeds.map(toHex)).size, lists.length);
  assert.deepEqual(await deriveSeed(seed, 12), await deriveSeed(seed, "12"));
  assert.notDeepEqual(await deriveSeed(utf8("a"), "b"), await deriveSeed(utf8("ab")));
});

Deno.test("random: below stays below, at every bound", () => {
  const rng = seededRng(COUNTING);
  fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 32 }), (bound) => {
    const value = rng.below(bound);
    assert.ok(Number.isInteger(value) && value >= 0 && value < bound);
  }));
  assert.equal(rng.below(1), 0);
  for (const bound of [0, -1, 1.5, NaN, 2 ** 32 + 1]) {
    assert.throws(() => rng.below(bound), /^RangeError: Cannot draw below/);
  }
});

Deno.test("random: below has no bias, also where the bound does not divide 2^32", () => {
  const rng = seededRng(COUNTING);
  for (const bound of [3, 7, 10]) {
    const draws = 30_000;
    const counts = new Array<number>(bound).fill(0);
    for (let i = 0; i < draws; i++) counts[rng.below(bound)]! += 1;
    const expected = draws / bound;
    const chi2 = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    assert.ok(chi2 < bound - 1 + 5 * Math.sqrt(2 * (bound - 1)), `${chi2} for ${bound}`);
  }
  // Taking a remainder of 32 bits would give the lower third of this range twice as often.
  const wide = 3 * 2 ** 30;
  const low = Array.from({ length: 20_000 }, () => rng.below(wide)).filter((v) => v < 2 ** 30);
  assert.ok(Math.abs(low.length / 20_000 - 1 / 3) < 5 * Math.sqrt(2 / 9 / 20_000));
});

Deno.test("random: uniform has the mean and variance of [0, 1) and never reaches 1", () => {
  const rng = seededRng(COUNTING);
  const { mean, variance, values } = moments(50_000, rng.uniform);
  assert.ok(values.every((value) => value >= 0 && value < 1));
  assert.ok(Math.abs(mean - 0.5) < 5 * Math.sqrt(1 / 12 / 50_000), `${mean}`);
  assert.ok(Math.abs(variance - 1 / 12) < 0.002, `${variance}`);
});

Deno.test("random: normal has mean 0, variance 1, no skew, and lies within 6", () => {
  const rng = seededRng(COUNTING);
  const { mean, variance, skew, values } = moments(50_000, rng.normal);
  assert.ok(values.every((value) => Math.abs(value) <= 6));
  assert.ok(Math.abs(mean) < 5 / Math.sqrt(50_000), `${mean}`);
  assert.ok(Math.abs(variance - 1) < 0.03, `${variance}`);
  assert.ok(Math.abs(skew) < 0.06, `${skew}`);
  const beyond = values.filter((value) => Math.abs(value) > 1.96).length / values.length;
  assert.ok(Math.abs(beyond - 0.05) < 0.006, `${beyond}`);
});

Deno.test("random: the system's gives as many fresh bytes as asked for, however many", () => {
  for (const length of [0, 1, 65_536, 65_537, 200_000]) {
    assert.equal(systemRandom(length).length, length);
  }
  const long = systemRandom(200_000);
  // The end of each 64 KiB piece was filled as well: 32 zero bytes by chance do not happen.
  for (const end of [65_536, 131_072, 196_608, 200_000]) {
    assert.ok(long.subarray(end - 32, end).some((byte) => byte !== 0));
  }
  assert.notEqual(toHex(systemRandom(32)), toHex(systemRandom(32)));
});

function moments(
  count: number,
  draw: () => number,
): { mean: number; variance: number; skew: number; values: number[] } {
  const values = Array.from({ length: count }, draw);
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const power = (n: number): number =>
    values.reduce((sum, value) => sum + (value - mean) ** n, 0) / count;
  return { mean, variance: power(2), skew: power(3) / power(2) ** 1.5, values };
}

Deno.test("seededSource: bytes follow from the seed alone, however they are asked for", async () => {
  const seed = await deriveSeed(new Uint8Array(32), "source");
  const whole = seededSource(seed)(200);
  const source = seededSource(seed);
  const parts = [1, 31, 0, 33, 100, 35].map((length) => source(length));
  assert.deepEqual(parts.map(({ length }) => length), [1, 31, 0, 33, 100, 35]);
  assert.deepEqual(parts.flatMap((part) => [...part]), [...whole]);
  assert.deepEqual(whole.subarray(0, 32), await deriveSeed(seed, "bytes", 0));
  assert.notDeepEqual(seededSource(await deriveSeed(seed))(200), whole);
});
