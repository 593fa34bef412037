import assert from "node:assert/strict";
import fc from "fast-check";
import { inlineModule } from "./inline.ts";
import type { Span } from "./core_memory.ts";
import { createTrainCore, type TrainCore } from "./train.ts";

const module = await inlineModule("train");

/** Puts float32 values at a place that is `skip` words off the alignment that `alloc` gives. */
function place(core: TrainCore, values: ArrayLike<number>, skip = 0): Span {
  const whole = core.memory.alloc(4 * (values.length + skip));
  const span = { ptr: whole.ptr + 4 * skip, bytes: 4 * values.length };
  core.memory.f32(span).set(values);
  return span;
}

function placeIndices(core: TrainCore, indices: readonly number[]): Span {
  const span = core.memory.alloc(4 * indices.length);
  core.memory.u32(span).set(indices);
  return span;
}

const value = fc.float({ min: -8, max: 8, noNaN: true, noDefaultInfinity: true });
const values = (length: number) => fc.array(value, { minLength: length, maxLength: length });
const skip = fc.nat(3);

/** A table of rows of an odd or even width, numbers of some of its rows, and a row for each. */
const selection = fc.record({
  dim: fc.integer({ min: 1, max: 37 }),
  rows: fc.integer({ min: 1, max: 9 }),
})
  .chain(({ dim, rows }) =>
    fc.record({
      dim: fc.constant(dim),
      table: values(dim * rows),
      indices: fc.array(fc.nat(rows - 1), { maxLength: 12 }),
    })
  )
  .chain((made) => values(made.dim * made.indices.length).map((given) => ({ ...made, given })));

/** The kernels' order: eight partial sums, closed pairwise, everything rounded to float32. */
function dotReference(a: readonly number[], b: readonly number[]): number {
  const s = [0, 0, 0, 0, 0, 0, 0, 0];
  a.forEach((x, i) => s[i % 8] = Math.fround(s[i % 8]! + Math.fround(x * b[i]!)));
  const add = (i: number, j: number) => Math.fround(s[i]! + s[j]!);
  return Math.fround(
    Math.fround(add(0, 4) + add(2, 6)) + Math.fround(add(1, 5) + add(3, 7)),
  );
}

Deno.test("train: dot has the bits of its scalar reference at every length and offset", () => {
  const pair = fc.nat(120).chain((n) => fc.tuple(values(n), values(n)));
  fc.assert(fc.property(pair, skip, skip, ([a, b], left, right) => {
    using core = createTrainCore(module);
    assert.equal(core.dot(place(core, a, left), place(core, b, right)), dotReference(a, b));
  }));
});

Deno.test("train: axpy has the bits of its scalar reference and touches nothing beside", () => {
  const pair = fc.nat(70).chain((n) => fc.tuple(values(n), values(n)));
  fc.assert(fc.property(pair, skip, skip, value, ([a, b], left, right, factor) => {
    using core = createTrainCore(module);
    const before = core.memory.alloc(16);
    const y = place(core, b, right);
    const after = core.memory.alloc(16);
    core.axpy({ factor, x: place(core, a, left), y });
    const want = b.map((y, i) => Math.fround(y + Math.fround(Math.fround(factor) * a[i]!)));
    assert.deepEqual([...core.memory.f32(y)], want);
    assert.deepEqual([...core.memory.u8(before), ...core.memory.u8(after)], Array(32).fill(0));
  }));
});

Deno.test("train: gather copies the rows that are named, in the order of their names", () => {
  fc.assert(fc.property(selection, ({ dim, table, indices }) => {
    using core = createTrainCore(module);
    const out = core.memory.alloc(4 * dim * indices.length);
    core.gather({ table: place(core, table), dim, indices: placeIndices(core, indices), out });
    const want = indices.flatMap((row) => table.slice(row * dim, (row + 1) * dim));
    assert.deepEqual([...core.memory.f32(out)], want);
  }));
});

Deno.test("train: scatterAdd adds rows in order, also to a row that is named twice", () => {
  fc.assert(fc.property(selection, ({ dim, table, indices, given }) => {
    using core = createTrainCore(module);
    const span = place(core, table);
    core.scatterAdd({
      table: span,
      dim,
      indices: placeIndices(core, indices),
      values: place(core, given),
    });
    const want = Float32Array.from(table);
    indices.forEach((row, i) => {
      for (let j = 0; j < dim; j++) want[row * dim + j]! += given[i * dim + j]!;
    });
    assert.deepEqual([...core.memory.f32(span)], [...want]);
  }));
});

Deno.test("train: rowSgd takes the rate times the gradient off each row", () => {
  fc.assert(fc.property(selection, value, ({ dim, table, indices, given }, rate) => {
    using core = createTrainCore(module);
    const span = place(core, table);
    core.rowSgd({
      table: span,
      dim,
      indices: placeIndices(core, indices),
      gradients: place(core, given),
      rate,
    });
    const want = Float32Array.from(table);
    indices.forEach((row, i) => {
      for (let j = 0; j < dim; j++) {
        want[row * dim + j]! -= Math.fround(Math.fround(rate) * given[i * dim + j]!);
      }
    });
    assert.deepEqual([...core.memory.f32(span)], [...want]);
  }));
});

Deno.test("train: rowAdagrad divides by the root of the row's mean squares so far", () => {
  fc.assert(fc.property(selection, ({ dim, table, indices, given }) => {
    using core = createTrainCore(module);
    const rows = table.length / dim;
    const [span, squares] = [place(core, table), place(core, Array(rows).fill(0.5))];
    core.rowAdagrad({
      table: span,
      dim,
      indices: placeIndices(core, indices),
      gradients: place(core, given),
      squares,
      rate: 0.1,
      epsilon: 1e-3,
    });
    const want = [...table];
    const sums = Array<number>(rows).fill(0.5);
    indices.forEach((row, i) => {
      const gradient = given.slice(i * dim, (i + 1) * dim);
      sums[row]! += gradient.reduce((sum, g) => sum + g * g, 0) / dim;
      gradient.forEach((g, j) => want[row * dim + j]! -= 0.1 * g / (Math.sqrt(sums[row]!) + 1e-3));
    });
    core.memory.f32(span).forEach((got, at) => assert.ok(Math.abs(got - want[at]!) < 1e-4));
    core.memory.f32(squares).forEach((got, at) =>
      assert.ok(Math.abs(got - sums[at]!) <= 1e-5 * sums[at]!)
    );
  }));
});

Deno.test("train: scores are the dot products of all rows with a vector", () => {
  fc.assert(
    fc.property(
      selection.chain((made) => values(made.dim).map((vector) => ({ ...made, vector }))),
      ({ dim, table, vector }) => {
        using core = createTrainCore(module);
        const out = core.memory.alloc(4 * table.length / dim);
        core.scores({ table: place(core, table), vector: place(core, vector), out });
        core.memory.f32(out).forEach((got, row) =>
          assert.equal(got, dotReference(table.slice(row * dim, (row + 1) * dim), vector))
        );
      },
    ),
  );
});

Deno.test("train: an index outside the table is named, and nothing is written", () => {
  using core = createTrainCore(module);
  const table = place(core, [1, 2, 3, 4, 5, 6]);
  const indices = placeIndices(core, [1, 3]);
  const rows = place(core, [9, 9, 9, 9]);
  const squares = place(core, [0, 0, 0]);
  const outside = { name: "RangeError", message: "Cannot use row 3: the table has 3 rows" };
  const chosen = { table, dim: 2, indices };
  assert.throws(() => core.gather({ ...chosen, out: rows }), outside);
  assert.throws(() => core.scatterAdd({ ...chosen, values: rows }), outside);
  assert.throws(() => core.rowSgd({ ...chosen, gradients: rows, rate: 1 }), outside);
  const step = { gradients: rows, squares, rate: 1, epsilon: 1 };
  assert.throws(() => core.rowAdagrad({ ...chosen, ...step }), outside);
  assert.deepEqual([...core.memory.f32(table)], [1, 2, 3, 4, 5, 6]);
  assert.deepEqual([...core.memory.f32(rows)], [9, 9, 9, 9]);
});

Deno.test("train: spans that do not fit each other are refused", () => {
  using core = createTrainCore(module);
  const [four, six] = [place(core, [1, 2, 3, 4]), place(core, [1, 2, 3, 4, 5, 6])];
  const indices = placeIndices(core, [0]);
  assert.throws(() => core.dot(four, six), /^RangeError: Cannot use b of 6 values: expected 4$/);
  assert.throws(() => core.axpy({ factor: 1, x: four, y: six }), /Cannot use y of 6 values/);
  assert.throws(
    () => core.axpy({ factor: 1, x: four, y: four }),
    /Cannot write y at \d+: it overlaps x/,
  );
  const rows = { table: six, dim: 4, indices };
  assert.throws(() => core.gather({ ...rows, out: four }), /Cannot read 6 values as rows of 4/);
  assert.throws(
    () => core.gather({ ...rows, dim: 3, out: four }),
    /Cannot use out of 4 values: expected 3/,
  );
  assert.throws(() => core.gather({ ...rows, dim: 0, out: four }), /as rows of 0/);
  assert.throws(() => core.scores({ table: six, vector: four, out: indices }), /as rows of 4/);
});
