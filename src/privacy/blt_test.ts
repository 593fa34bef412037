import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Blt,
  bltLoss,
  noiseCoefficients,
  type Participation,
  prefixError,
  sensitivity,
  sensitivityOf,
  strategyCoefficients,
} from "./blt.ts";
import { chooseBlt, isSound } from "./choose_blt.ts";

type Matrix = readonly (readonly number[])[];

const near = (found: number, expected: number, tolerance: number, what = "") =>
  assert.ok(Math.abs(found - expected) <= tolerance, `${what}: ${found}, expected ${expected}`);

/** A lower triangular matrix with these diagonals, from the main one down. */
function toeplitz(diagonals: ArrayLike<number>): Matrix {
  const rows = Array.from(diagonals);
  return rows.map((_, t) => rows.map((_, i) => i <= t ? rows[t - i]! : 0));
}

function product(a: Matrix, b: Matrix): Matrix {
  return a.map((row) => b[0]!.map((_, j) => row.reduce((sum, x, i) => sum + x * b[i]![j]!, 0)));
}

/** All sets of rounds that a client may be in: at least `separation` apart, and not too many. */
function patterns({ rounds, separation, participations }: Participation): number[][] {
  const all: number[][] = [[]];
  for (let round = 0; round < rounds; round++) {
    for (const pattern of [...all]) {
      const last = pattern.at(-1);
      const isFree = last === undefined || round - last >= separation;
      if (isFree && pattern.length < participations) all.push([...pattern, round]);
    }
  }
  return all;
}

/** The longest `Σ ± column` over all sets of rounds and, as updates may point anywhere, all signs. */
function sensitivityByEnumeration(strategy: Matrix, schema: Participation): number {
  let longest = 0;
  for (const pattern of patterns(schema)) {
    for (let signs = 0; signs < 2 ** Math.max(0, pattern.length - 1); signs++) {
      const length = strategy.reduce((squares, row) => {
        const sum = pattern.reduce(
          (sum, round, at) => sum + (signs >> at & 1 ? -1 : 1) * row[round]!,
          0,
        );
        return squares + sum * sum;
      }, 0);
      longest = Math.max(longest, Math.sqrt(length));
    }
  }
  return longest;
}

const soundBlt: fc.Arbitrary<Blt> = fc.array(
  fc.record({
    decay: fc.double({ min: 0.01, max: 0.999, noNaN: true }),
    weight: fc.double({ min: 0.01, max: 0.33, noNaN: true }),
  }),
  { minLength: 1, maxLength: 3 },
).map((buffers) => ({
  decay: buffers.map(({ decay }) => decay),
  weight: buffers.map(({ weight }) => weight),
}));
const schema = fc.record({
  rounds: fc.integer({ min: 1, max: 9 }),
  separation: fc.integer({ min: 1, max: 9 }),
  participations: fc.integer({ min: 1, max: 4 }),
});

Deno.test("blt: the noise's diagonals are those of the inverse", () => {
  fc.assert(fc.property(soundBlt, (blt) => {
    const rounds = 12;
    const both = product(
      toeplitz(strategyCoefficients(blt, rounds)),
      toeplitz(noiseCoefficients(blt, rounds)),
    );
    both.forEach((row, t) =>
      row.forEach((value, i) => near(value, t === i ? 1 : 0, 1e-12, `row ${t}, column ${i}`))
    );
  }));
});

Deno.test("blt: no client moves a small strategy further than its sensitivity, and some client as far", () => {
  fc.assert(
    fc.property(soundBlt, schema, (blt, schema) => {
      const strategy = toeplitz(strategyCoefficients(blt, schema.rounds));
      near(sensitivity(blt, schema), sensitivityByEnumeration(strategy, schema), 1e-9);
    }),
    { numRuns: 200 },
  );
});

Deno.test("blt: the error is that of the matrices, row by row", () => {
  fc.assert(fc.property(soundBlt, fc.integer({ min: 1, max: 15 }), (blt, rounds) => {
    const sums = toeplitz(new Float64Array(rounds).fill(1));
    const answered = product(sums, toeplitz(noiseCoefficients(blt, rounds)));
    const squares = answered.flat().reduce((sum, x) => sum + x * x, 0);
    near(prefixError(blt, rounds), Math.sqrt(squares / rounds), 1e-9);
  }));
});

Deno.test("blt: with one participation nearly as little noise as the best there can be", () => {
  for (const rounds of [4, 8, 16]) {
    const schema = { rounds, separation: rounds, participations: 1 };
    const loss = bltLoss(chooseBlt(schema), schema);
    const best = leastLoss(rounds);
    // A diagonal of one value everywhere cannot follow the end of the run as the best one does.
    assert.ok(loss >= best * (1 - 1e-9) && loss < best * 1.06, `${rounds}: ${loss} of ${best}`);
  }
});

Deno.test("blt: as good as the square root of the matrix of ones, which is known in closed form", () => {
  for (const rounds of [10, 100, 1000]) {
    const schema = { rounds, separation: rounds, participations: 1 };
    // Fichtenberger, Henzinger and Upadhyay, ICML 2023: c_i = binomial(2i, i)/4^i, which is its own B.
    const root = new Float64Array(rounds).fill(1);
    for (let i = 1; i < rounds; i++) root[i] = root[i - 1]! * (2 * i - 1) / (2 * i);
    const squares = root.reduce((sum, value, i) => sum + value * value * (rounds - i), 0);
    const known = sensitivityOf(root, schema) * Math.sqrt(squares / rounds);
    const loss = bltLoss(chooseBlt(schema), schema);
    assert.ok(loss < known * 1.01, `${rounds}: ${loss}, ${known} by the square root`);
  }
});

Deno.test("blt: less noise than independent draws and than a binary tree", () => {
  const cases = [
    { rounds: 64, separation: 64, participations: 1 },
    { rounds: 64, separation: 16, participations: 4 },
    { rounds: 256, separation: 32, participations: 8 },
  ];
  for (const schema of cases) {
    const { rounds, participations } = schema;
    const loss = bltLoss(chooseBlt(schema), schema);
    const independent = Math.sqrt(participations * (rounds + 1) / 2);
    assert.ok(loss < 0.75 * independent, `${loss}, ${independent} independently`);
    assert.ok(loss < 0.85 * treeLoss(schema), `${loss}, ${treeLoss(schema)} by a tree`);
  }
});

Deno.test("blt: where clients may come every round nothing is gained by taking noise back", () => {
  const schema = { rounds: 12, separation: 1, participations: 12 };
  near(bltLoss(chooseBlt(schema), schema), Math.sqrt(12 * 13 / 2), 1e-6);
});

Deno.test("blt: the choice is sound for any schema, and refuses what is no schema", () => {
  fc.assert(
    fc.property(
      fc.record({
        rounds: fc.integer({ min: 1, max: 80 }),
        separation: fc.integer({ min: 1, max: 80 }),
        participations: fc.integer({ min: 1, max: 80 }),
      }),
      (schema) => {
        const blt = chooseBlt(schema);
        assert.ok(isSound(blt), JSON.stringify(blt));
        const independent = { decay: [], weight: [] };
        assert.ok(bltLoss(blt, schema) <= bltLoss(independent, schema) * (1 + 1e-4));
      },
    ),
    { numRuns: 25 },
  );
  assert.throws(() => chooseBlt({ rounds: 0, separation: 1, participations: 1 }), {
    name: "RangeError",
    message: /rounds 0: expected a whole number, 1 or more/,
  });
});

/**
 * Noise of the tree of Dwork et al. and Chan et al.: a node for each block of a power of two, a prefix
 * summed from the fewest blocks.
 */
function treeLoss(schema: Participation): number {
  const { rounds } = schema;
  const nodes: number[][] = [];
  for (let width = 1; width <= rounds; width *= 2) {
    for (let from = 0; from + width <= rounds; from += width) {
      nodes.push(Array.from({ length: rounds }, (_, i) => Number(i >= from && i < from + width)));
    }
  }
  let blocks = 0;
  for (let t = 1; t <= rounds; t++) {
    for (let left = t; left > 0; left >>= 1) blocks += left & 1;
  }
  // The columns of a tree are not of falling values; rounds `separation` apart are one of its patterns.
  let squares = 0;
  for (const node of nodes) {
    let sum = 0;
    for (let i = 0; i < schema.participations; i++) sum += node[i * schema.separation] ?? 0;
    squares += sum * sum;
  }
  return Math.sqrt(squares) * Math.sqrt(blocks / rounds);
}

/**
 * The least noise of any factorisation with one participation, by the fixed point of Denisov, McMahan,
 * Rush, Smith and Thakurta, "Improved Differential Privacy for SGD via Optimal Private Linear
 * Operators on Adaptive Streams", NeurIPS 2022: `v = diag((√v·AᵀA·√v)^½)`.
 */
function leastLoss(rounds: number): number {
  const gram = Array.from(
    { length: rounds },
    (_, i) => Array.from({ length: rounds }, (_, j) => rounds - Math.max(i, j)),
  );
  let v = new Array<number>(rounds).fill(1);
  let diagonal: number[] = [];
  for (let look = 0; look < 60; look++) {
    const scaled = gram.map((row, i) => row.map((x, j) => Math.sqrt(v[i]! * v[j]!) * x));
    diagonal = diagonalOfRoot(scaled);
    v = diagonal;
  }
  // At the fixed point the squared error is Σ v, with columns of C of length 1.
  return Math.sqrt(diagonal.reduce((sum, x) => sum + x, 0) / rounds);
}

/** The diagonal of a symmetric matrix's square root, by Jacobi's rotations. */
function diagonalOfRoot(matrix: Matrix): number[] {
  const n = matrix.length;
  const a = matrix.map((row) => [...row]);
  const vectors = a.map((_, i) => a.map((_, j) => Number(i === j)));
  for (let sweep = 0; sweep < 8; sweep++) {
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        if (Math.abs(a[p]![q]!) < 1e-14) continue;
        const angle = 0.5 * Math.atan2(2 * a[p]![q]!, a[q]![q]! - a[p]![p]!);
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        for (let i = 0; i < n; i++) {
          const [x, y] = [a[i]![p]!, a[i]![q]!];
          [a[i]![p], a[i]![q]] = [c * x - s * y, s * x + c * y];
        }
        for (let i = 0; i < n; i++) {
          const [x, y] = [a[p]![i]!, a[q]![i]!];
          [a[p]![i], a[q]![i]] = [c * x - s * y, s * x + c * y];
          const [u, w] = [vectors[i]![p]!, vectors[i]![q]!];
          [vectors[i]![p], vectors[i]![q]] = [c * u - s * w, s * u + c * w];
        }
      }
    }
  }
  return vectors.map((row) =>
    row.reduce((sum, x, k) => sum + x * x * Math.sqrt(Math.max(0, a[k]![k]!)), 0)
  );
}
