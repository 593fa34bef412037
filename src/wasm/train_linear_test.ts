import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { inlineModule } from "./inline.ts";
import type { Span } from "./core_memory.ts";
import { createTrainCore, type TrainCore } from "./train.ts";
import { triangleLength } from "./train_linear.ts";

const module = await inlineModule("train");

const VECTORS = new URL("../../../shared/vectors/ials_ease.json", import.meta.url);
const missing = !existsSync(VECTORS);
if (missing && Deno.env.get("CI") === "true") throw new Error(`Cannot find ${VECTORS.pathname}`);

function place32(core: TrainCore, values: ArrayLike<number>): Span {
  const span = core.memory.alloc(4 * values.length);
  core.memory.f32(span).set(values);
  return span;
}

function place64(core: TrainCore, values: ArrayLike<number>): Span {
  const span = core.memory.alloc(8 * values.length);
  core.memory.f64(span).set(values);
  return span;
}

const value = fc.float({ min: -4, max: 4, noNaN: true, noDefaultInfinity: true });
const table = fc.record({ dim: fc.integer({ min: 1, max: 40 }), rows: fc.nat(300) })
  .chain(({ dim, rows }) =>
    fc.record({
      dim: fc.constant(dim),
      rows: fc.constant(rows),
      values: fc.array(value, { minLength: dim * rows, maxLength: dim * rows, size: "max" }),
    })
  );

/** Entry of a packed triangle. */
function at(i: number, j: number): number {
  return j <= i ? triangleLength(i) + j : triangleLength(j) + i;
}

function gramOf(core: TrainCore, values: ArrayLike<number>, dim: number): Float64Array {
  const out = core.memory.alloc(8 * triangleLength(dim));
  core.gram({ table: place32(core, values), dim, out });
  return core.memory.f64(out).slice();
}

Deno.test("train: gram has the bits of its scalar reference at every width and height", () => {
  fc.assert(
    fc.property(table, ({ dim, rows, values }) => {
      using core = createTrainCore(module);
      const got = gramOf(core, values, dim);
      for (let i = 0; i < dim; i++) {
        for (let j = 0; j <= i; j++) {
          let total = 0;
          for (let block = 0; block < rows; block += 128) {
            let sum = 0;
            for (let row = block; row < Math.min(block + 128, rows); row++) {
              const product = Math.fround(values[row * dim + i]! * values[row * dim + j]!);
              sum = Math.fround(sum + product);
            }
            total += sum;
          }
          assert.equal(got[at(i, j)], total);
        }
      }
    }),
    { numRuns: 40 },
  );
});

Deno.test("train: column sums are those of float64", () => {
  fc.assert(
    fc.property(table, ({ dim, values }) => {
      using core = createTrainCore(module);
      const out = core.memory.alloc(8 * dim);
      core.columnSums({ table: place32(core, values), dim, out });
      const want = Array(dim).fill(0);
      values.forEach((x, i) => want[i % dim] += x);
      assert.deepEqual([...core.memory.f64(out)], want);
    }),
    { numRuns: 40 },
  );
});

Deno.test("train: a solution put back into its system gives the right-hand side", () => {
  const system = fc.integer({ min: 1, max: 40 }).chain((dim) =>
    fc.record({
      dim: fc.constant(dim),
      rows: fc.array(value, {
        minLength: dim * (dim + 2),
        maxLength: dim * (dim + 2),
        size: "max",
      }),
      right: fc.array(value, { minLength: dim, maxLength: dim }),
    })
  );
  fc.assert(
    fc.property(system, ({ dim, rows, right }) => {
      using core = createTrainCore(module);
      const matrix = gramOf(core, rows, dim);
      for (let i = 0; i < dim; i++) matrix[at(i, i)]! += 1;
      const [a, b] = [place64(core, matrix), place64(core, right)];
      assert.equal(core.solve({ matrix: a, right: b }), true);
      assert.deepEqual(core.memory.f64(a), matrix);
      const x = core.memory.f64(b);
      for (let i = 0; i < dim; i++) {
        let got = 0;
        for (let j = 0; j < dim; j++) got += matrix[at(i, j)]! * x[j]!;
        assert.ok(Math.abs(got - right[i]!) < 1e-9, `${got} ${right[i]}`);
      }
    }),
    { numRuns: 60 },
  );
});

Deno.test("train: a system of three has the solution that paper and pencil give", () => {
  using core = createTrainCore(module);
  // L = [2 | 6 1 | −8 5 3], x = (1, 2, 3).
  const matrix = place64(core, [4, 12, 37, -16, -43, 98]);
  const right = place64(core, [4 + 24 - 48, 12 + 74 - 129, -16 - 86 + 294]);
  assert.equal(core.solve({ matrix, right }), true);
  core.memory.f64(right).forEach((x, i) => assert.ok(Math.abs(x - (i + 1)) < 1e-12));
});

Deno.test("train: what is not positive definite is told, and the right-hand side stays", () => {
  using core = createTrainCore(module);
  const indefinite = [[-1, 0, 1], [0, 0, 1], [1, 2, 1], [1, 1, 1], [NaN, 0, 1], [1, 0, Infinity]];
  for (const matrix of indefinite) {
    const right = place64(core, [3, 4]);
    assert.equal(core.solve({ matrix: place64(core, matrix), right }), false, `${matrix}`);
    assert.deepEqual([...core.memory.f64(right)], [3, 4]);
  }
});

Deno.test("train: matrices of the wrong size are refused", () => {
  using core = createTrainCore(module);
  const [three, five] = [place64(core, [1, 0, 1]), place64(core, [1, 1, 1, 1, 1])];
  assert.throws(
    () => core.solve({ matrix: three, right: five }),
    /matrix of 3 values: expected 15/,
  );
  assert.throws(() => core.solve({ matrix: five, right: five }), /matrix of 5 values: expected 15/);
  const rows = place32(core, [1, 2, 3, 4]);
  assert.throws(() => core.gram({ table: rows, dim: 2, out: five }), /out of 5 values: expected 3/);
  assert.throws(() => core.columnSums({ table: rows, dim: 3, out: five }), /rows of 3/);
});

Deno.test("train: a kernel gives its scratch back", () => {
  using core = createTrainCore(module);
  const [matrix, right] = [place64(core, [4]), place64(core, [8])];
  const mark = core.memory.mark();
  core.solve({ matrix, right });
  assert.equal(core.memory.mark(), mark);
  assert.deepEqual([...core.memory.f64(right)], [2]);
});

interface IalsCase {
  kind: string;
  matrix: number[][];
  alpha: number;
  regularisation: number;
  factors: number;
  item_factors_start: number[][];
  sweeps: { user_factors: number[][]; item_factors: number[][] }[];
}

/** Half a sweep in the convention of implicit: confidence αr where r > 0, and 1 elsewhere. */
function halfSweep(
  core: TrainCore,
  fixed: number[][],
  { ratings, alpha, regularisation }: {
    ratings: number[][];
    alpha: number;
    regularisation: number;
  },
): number[][] {
  const dim = fixed[0]!.length;
  const all = gramOf(core, fixed.flat(), dim);
  return ratings.map((row) => {
    const rated = row.flatMap((r, at) =>
      r > 0 ? [{ confidence: alpha * r, values: fixed[at]! }] : []
    );
    // c − 1 extra copies of a row in the matrix, c in the right-hand side.
    const extra = rated.flatMap(({ confidence, values }) =>
      values.map((x) => x * Math.sqrt(confidence - 1))
    );
    const matrix = gramOf(core, extra, dim).map((value, at) => value + all[at]!);
    for (let i = 0; i < dim; i++) matrix[at(i, i)]! += regularisation;
    const right = core.memory.alloc(8 * dim);
    const weighted = rated.flatMap(({ confidence, values }) => values.map((x) => x * confidence));
    core.columnSums({ table: place32(core, weighted), dim, out: right });
    assert.equal(core.solve({ matrix: place64(core, matrix), right }), true);
    return [...core.memory.f64(right)];
  });
}

Deno.test({
  name: "train: three sweeps give the factors of implicit 0.7.3, binary and with counts",
  ignore: missing,
  async fn() {
    const { cases }: { cases: IalsCase[] } = JSON.parse(await readFile(VECTORS, "utf8"));
    const known = cases.filter(({ kind }) => kind === "ials");
    assert.equal(known.length, 3);
    for (const { matrix, alpha, regularisation, item_factors_start, sweeps } of known) {
      using core = createTrainCore(module);
      const turned = matrix[0]!.map((_, item) => matrix.map((row) => row[item]!));
      let items = item_factors_start;
      for (const sweep of sweeps) {
        const users = halfSweep(core, items, { ratings: matrix, alpha, regularisation });
        items = halfSweep(core, users, { ratings: turned, alpha, regularisation });
        const pairs = [[users, sweep.user_factors], [items, sweep.item_factors]] as const;
        for (const [got, want] of pairs) {
          // The library's own float32 run stays within 1.5e-5 of these.
          got.flat().forEach((x, i) => assert.ok(Math.abs(x - want.flat()[i]!) < 1.5e-5));
        }
      }
    }
  },
});

Deno.test("train: a large matrix times its inverse is the unit matrix", () => {
  for (const dim of [1, 5, 64, 65, 150]) {
    using core = createTrainCore(module);
    const { memory } = core;
    const matrix = memory.alloc(4 * triangleLength(dim));
    const values = Float32Array.from({ length: triangleLength(dim) }, (_, at) => at * 7919 % 5);
    memory.f32(matrix).set(values);
    const mark = memory.mark();
    assert.equal(core.invert({ matrix, dim, ridge: 5 * dim }), true);
    assert.deepEqual(memory.mark(), mark);
    const inverse = memory.f32(matrix);
    const entry = (of: Float32Array, i: number, j: number): number =>
      of[triangleLength(Math.max(i, j)) + Math.min(i, j)]!;
    for (let i = 0; i < dim; i++) {
      for (let j = 0; j < dim; j++) {
        let product = 5 * dim * entry(inverse, i, j);
        for (let k = 0; k < dim; k++) product += entry(values, i, k) * entry(inverse, k, j);
        assert.ok(Math.abs(product - (i === j ? 1 : 0)) < 1e-5, `(${i}, ${j}) is ${product}`);
      }
    }
  }
});

Deno.test("train: a matrix without an inverse, or of another length, stays as it is", () => {
  using core = createTrainCore(module);
  const { memory } = core;
  const matrix = memory.alloc(12);
  memory.f32(matrix).set([1, 2, 1]);
  assert.equal(core.invert({ matrix, dim: 2, ridge: 0.5 }), false);
  assert.deepEqual([...memory.f32(matrix)], [1, 2, 1]);
  assert.throws(() => core.invert({ matrix, dim: 3, ridge: 1 }), RangeError);
  assert.equal(core.invert({ matrix, dim: 2, ridge: 2 }), true);
});
