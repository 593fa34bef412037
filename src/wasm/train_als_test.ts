import assert from "node:assert/strict";
import fc from "fast-check";
import { isTributaryError } from "../core/errors.ts";
import { inlineModule } from "./inline.ts";
import type { Span } from "./core_memory.ts";
import { createTrainCore, type TrainCore } from "./train.ts";
import { triangleLength } from "./train_linear.ts";

const module = await inlineModule("train");

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

/** Entry of a packed triangle. */
function at(i: number, j: number): number {
  return j <= i ? triangleLength(i) + j : triangleLength(j) + i;
}

const value = fc.float({ min: -2, max: 2, noNaN: true, noDefaultInfinity: true });
const list = (length: number) =>
  fc.array(value, { minLength: length, maxLength: length, size: "max" });
const problem = fc.record({
  dim: fc.integer({ min: 1, max: 19 }),
  items: fc.integer({ min: 1, max: 7 }),
})
  .chain(({ dim, items }) =>
    fc.record({
      dim: fc.constant(dim),
      items: fc.constant(items),
      background: list(dim * dim),
      own: list(items * dim),
      linear: list(items * dim),
      table: list(items * dim),
      weights: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: items, maxLength: items }),
    })
  );

/** `XᵀX` of rows, packed, in float64. */
function gram(rows: readonly number[], dim: number): Float64Array {
  const packed = new Float64Array(triangleLength(dim));
  for (let row = 0; row < rows.length; row += dim) {
    for (let i = 0; i < dim; i++) {
      for (let j = 0; j <= i; j++) packed[at(i, j)]! += rows[row + i]! * rows[row + j]!;
    }
  }
  return packed;
}

/** `A x − b`, by how much a solution misses. */
function residual(
  matrix: (i: number, j: number) => number,
  x: ArrayLike<number>,
  b: number[],
): number {
  return Math.max(...b.map((want, i) => {
    let got = 0;
    for (let j = 0; j < b.length; j++) got += matrix(i, j) * x[j]!;
    return Math.abs(got - want);
  }));
}

Deno.test("train: the exact step solves every item's own system", () => {
  fc.assert(
    fc.property(problem, ({ dim, items, background, own, linear, weights }) => {
      using core = createTrainCore(module);
      const base = gram(background, dim);
      const outer = Float32Array.from(
        Array.from({ length: items }, (_, i) => [...gram(own.slice(i * dim, (i + 1) * dim), dim)])
          .flat(),
      );
      const out = core.memory.alloc(4 * items * dim);
      core.alsExact({
        dim,
        outer: place32(core, outer),
        linear: place32(core, linear),
        counts: place32(core, weights),
        base: place64(core, base),
        each: 0.25,
        all: 2,
        out,
      });
      for (let item = 0; item < items; item++) {
        const x = core.memory.f32(out).slice(item * dim, (item + 1) * dim);
        const matrix = (i: number, j: number) =>
          base[at(i, j)]! + outer[item * triangleLength(dim) + at(i, j)]! +
          (i === j ? 0.25 * weights[item]! + 2 : 0);
        assert.ok(residual(matrix, x, linear.slice(item * dim, (item + 1) * dim)) < 1e-4);
      }
    }),
    { numRuns: 60 },
  );
});

Deno.test("train: the Newton step follows its formula for every item", () => {
  fc.assert(
    fc.property(problem, ({ dim, items, background, own, linear, table, weights }) => {
      using core = createTrainCore(module);
      const [base, curvature] = [gram(background, dim), gram(own, dim)];
      const out = core.memory.alloc(4 * items * dim);
      core.alsNewton({
        dim,
        table: place32(core, table),
        gradients: place32(core, linear),
        strengths: place32(core, weights),
        base: place64(core, base),
        curvature: place64(core, curvature),
        each: 0.25,
        all: 2,
        rate: 0.5,
        out,
      });
      const next = core.memory.f32(out);
      for (let item = 0; item < items; item++) {
        const ridge = 0.25 * weights[item]! + 2;
        const q = table.slice(item * dim, (item + 1) * dim);
        const right = q.map((own, i) => {
          const pull = q.reduce((sum, other, j) => sum + base[at(i, j)]! * other, 0);
          return linear[item * dim + i]! - pull - ridge * own;
        });
        const matrix = (i: number, j: number) =>
          base[at(i, j)]! + weights[item]! * curvature[at(i, j)]! + (i === j ? ridge : 0);
        const x = q.map((own, i) => (next[item * dim + i]! - own) / 0.5);
        // Entries of the matrix reach 10^3, and q is rounded to float32.
        assert.ok(residual(matrix, x, right) < 5e-3, `${residual(matrix, x, right)}`);
      }
    }),
    { numRuns: 60 },
  );
});

Deno.test("train: an item without a definite system is refused by its number", () => {
  using core = createTrainCore(module);
  const step = {
    dim: 1,
    base: place64(core, [1]),
    each: 0,
    all: 0.5,
    out: core.memory.alloc(12),
  };
  const three = place32(core, [1, 1, 1]);
  const indefinite = place32(core, [1, 1, -2]);
  const refused = (error: unknown) => {
    assert.ok(isTributaryError(error, "model-invalid"));
    assert.match(error.message, /^Cannot step item 2 of 3: its matrix is not positive definite, /);
    return true;
  };
  const exact = { ...step, linear: three, counts: three, outer: indefinite };
  assert.throws(() => core.alsExact(exact), refused);
  const newton = { table: three, gradients: three, curvature: place64(core, [1]), rate: 1 };
  assert.throws(() => core.alsNewton({ ...step, ...newton, strengths: indefinite }), refused);
  core.alsExact({ ...exact, outer: three });
  assert.deepEqual([...core.memory.f32(step.out)], Array(3).fill(Math.fround(1 / 2.5)));
});

Deno.test("train: a row that is not finite is refused, whichever value made it so", () => {
  using core = createTrainCore(module);
  const one = place32(core, [1, 1]);
  const step = { dim: 1, base: place64(core, [1]), each: 0, all: 1, out: core.memory.alloc(8) };
  for (const wild of [NaN, Infinity, 3e38]) {
    assert.throws(
      () =>
        core.alsNewton({
          ...step,
          base: place64(core, [1e-3]),
          all: 1e-3,
          table: one,
          gradients: place32(core, [1, wild]),
          strengths: place32(core, [0, 0]),
          curvature: place64(core, [1]),
          rate: 1,
        }),
      /Cannot step item 1 of 2: its new row is not finite/,
    );
  }
});

Deno.test("train: spans of a step that do not fit its items are refused", () => {
  using core = createTrainCore(module);
  const [two, four] = [place32(core, [1, 1]), place32(core, [1, 1, 1, 1])];
  const out = core.memory.alloc(16);
  const step = { dim: 2, base: place64(core, [1, 0, 1]), each: 1, all: 1, out };
  const exact = { ...step, outer: place32(core, Array(6).fill(0)), linear: four, counts: two };
  core.alsExact(exact);
  assert.throws(() => core.alsExact({ ...exact, counts: four }), /counts of 4 values: expected 2/);
  assert.throws(() => core.alsExact({ ...exact, outer: four }), /outer of 4 values: expected 6/);
  assert.throws(() => core.alsExact({ ...exact, base: place64(core, [1]) }), /base of 1 values/);
  assert.throws(
    () => core.alsExact({ ...exact, linear: out }),
    /Cannot write out at \d+: it overlaps/,
  );
});
