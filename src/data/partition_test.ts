import assert from "node:assert/strict";
import fc from "fast-check";
import { seededRng } from "../core/random.ts";
import type { Rng } from "../core/random.ts";
import { partitionByPerson, partitionByRatio, partitionDirichlet } from "./partition.ts";

const seeds = fc.uint8Array({ minLength: 16, maxLength: 16 });
const fixed = (): Rng => seededRng(Uint8Array.from({ length: 16 }, (_, at) => at));

function everyRowOnce(parts: readonly Uint32Array[], rows: number): void {
  const all = parts.flatMap((part) => [...part]).sort((a, b) => a - b);
  assert.deepEqual(all, Array.from({ length: rows }, (_, row) => row));
  for (const part of parts) assert.deepEqual(part, part.slice().sort());
}

Deno.test("partition by person: each person's rows, in order", () => {
  assert.deepEqual(partitionByPerson(Uint32Array.of(2, 0, 2, 0, 3)), [
    Uint32Array.of(1, 3),
    Uint32Array.of(),
    Uint32Array.of(0, 2),
    Uint32Array.of(4),
  ]);
});

Deno.test("partition by person: every row is in exactly one part, its person's", () => {
  fc.assert(fc.property(fc.array(fc.nat({ max: 9 })), (people) => {
    const parts = partitionByPerson(Uint32Array.from(people));
    everyRowOnce(parts, people.length);
    parts.forEach((part, person) => assert.ok(part.every((row) => people[row] === person)));
  }));
});

Deno.test("partition by ratio: sizes follow the ratios by largest remainder", () => {
  const sizes = (rows: number, ratios: readonly number[]): number[] =>
    partitionByRatio(rows, { ratios, rng: fixed() }).map((part) => part.length);
  assert.deepEqual(sizes(100, [8, 1, 1]), [80, 10, 10]);
  assert.deepEqual(sizes(10, [1, 1, 1]), [4, 3, 3]);
  assert.deepEqual(sizes(5, [0, 0.5, 0.5]), [0, 3, 2]);
  assert.deepEqual(sizes(0, [1, 2]), [0, 0]);
});

Deno.test("partition by ratio: every row is in exactly one part, and no size is off by one", () => {
  const ratios = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 8 })
    .filter((all) => all.some((ratio) => ratio > 0));
  fc.assert(fc.property(fc.nat({ max: 200 }), ratios, seeds, (rows, ratios, seed) => {
    const parts = partitionByRatio(rows, { ratios, rng: seededRng(seed) });
    everyRowOnce(parts, rows);
    const total = ratios.reduce((sum, ratio) => sum + ratio);
    parts.forEach((part, at) =>
      assert.ok(Math.abs(part.length - rows * ratios[at]! / total) < 1 + 1e-9)
    );
    assert.deepEqual(partitionByRatio(rows, { ratios, rng: seededRng(seed) }), parts);
  }));
});

Deno.test("partition by ratio: ratios that say nothing are refused", () => {
  for (const ratios of [[], [0, 0], [1, -1], [1, NaN], [Infinity]]) {
    assert.throws(
      () => partitionByRatio(3, { ratios, rng: fixed() }),
      new RangeError(
        `Cannot partition by the ratios ${ratios.join(", ")}: ` +
          "expected finite ones, none below 0, one above",
      ),
    );
  }
});

Deno.test("partition by Dirichlet: every row is in exactly one part, for any skew", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 80 }),
    fc.integer({ min: 1, max: 9 }),
    fc.constantFrom(1e-6, 0.01, 0.3, 1, 10, 1e6),
    seeds,
    (labels, parts, alpha, seed) => {
      const dealt = partitionDirichlet(labels, { parts, alpha, rng: seededRng(seed) });
      assert.equal(dealt.length, parts);
      everyRowOnce(dealt, labels.length);
      assert.deepEqual(partitionDirichlet(labels, { parts, alpha, rng: seededRng(seed) }), dealt);
    },
  ));
});

Deno.test("partition by Dirichlet: a large alpha deals evenly, a small one gives each label away", () => {
  const labels = Uint32Array.from({ length: 4000 }, (_, row) => row % 4);
  const counts = (alpha: number): number[][] =>
    partitionDirichlet(labels, { parts: 5, alpha, rng: fixed() }).map((part) =>
      [0, 1, 2, 3].map((label) => part.filter((row) => labels[row] === label).length)
    );
  for (const row of counts(1e8)) assert.deepEqual(row, [200, 200, 200, 200]);
  for (const label of [0, 1, 2, 3]) {
    const largest = Math.max(...counts(1e-3).map((row) => row[label]!));
    assert.equal(largest, 1000);
  }
});

Deno.test("partition by Dirichlet: shares have the mean and variance of the distribution", () => {
  // Dir(alpha) over n parts: mean 1/n, variance (n − 1) / (n² (n·alpha + 1)).
  const rng = fixed();
  for (const alpha of [0.2, 0.5, 2]) {
    const shares = Array.from(
      { length: 4000 },
      () => partitionDirichlet(new Uint8Array(500), { parts: 3, alpha, rng })[0]!.length / 500,
    );
    const mean = shares.reduce((sum, share) => sum + share) / shares.length;
    const variance = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length;
    const expected = 2 / (9 * (3 * alpha + 1));
    assert.ok(Math.abs(mean - 1 / 3) < 0.02, `mean ${mean} at alpha ${alpha}`);
    assert.ok(Math.abs(variance / expected - 1) < 0.08, `variance ${variance} at alpha ${alpha}`);
  }
});

Deno.test("partition by Dirichlet: there may be more parts than a call has room for arguments", () => {
  const labels = Float32Array.of(0, 1, 1, 0);
  const rng = seededRng(new Uint8Array(32));
  const parts = partitionDirichlet(labels, { parts: 250_000, alpha: 0.3, rng });
  assert.equal(parts.length, 250_000);
  assert.deepEqual(parts.flatMap((rows) => [...rows]).toSorted(), [0, 1, 2, 3]);
});

Deno.test("partition by Dirichlet: bounds of alpha and parts are kept", () => {
  for (const [parts, alpha] of [[3, 0], [3, -1], [3, NaN], [3, Infinity], [0, 1], [1.5, 1]]) {
    assert.throws(
      () => partitionDirichlet([0], { parts: parts!, alpha: alpha!, rng: fixed() }),
      new RangeError(
        `Cannot partition into ${parts} parts with alpha ${alpha}: ` +
          "expected both above 0, parts whole",
      ),
    );
  }
});
