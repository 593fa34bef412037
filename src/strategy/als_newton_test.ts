import assert from "node:assert/strict";
import { isTributaryError } from "../core/errors.ts";
import { seededRng } from "../core/random.ts";
import { type NamedTensors, sizeOf, tensorOf, zeros } from "../core/tensor.ts";
import { ials } from "../models/ials.ts";
import { createTrainCore, inlineModule } from "../wasm/mod.ts";
import { alsNewton } from "./als_newton.ts";
import { strategyFrom } from "./registry.ts";

const core = createTrainCore(await inlineModule("train"));
const SEED = new Uint8Array(32).fill(7);
const state = { get: () => Promise.resolve(undefined), set: () => Promise.resolve() };
const signal = new AbortController().signal;

/** Solves a small dense system by Gauss–Jordan elimination. */
function eliminate(matrix: number[][], right: number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  rows.forEach((row, i) => {
    const pivot = row[i]!;
    row.forEach((value, k) => row[k] = value / pivot);
    rows.forEach((other, at) => {
      const factor = other[i]!;
      if (at !== i) other.forEach((value, k) => other[k] = value - factor * row[k]!);
    });
  });
  return rows.map((row) => row.at(-1)!);
}

const dot = (a: number[], b: number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);

/** Steps 1 to 3 of the recipe, written down once more on plain arrays, for people's items. */
function recipeStep(table: number[][], people: number[][]): number[][] {
  const [a0, reg, clip] = [0.3, 0.005, 3];
  const square = (value: (i: number, j: number) => number): number[][] =>
    table[0]!.map((_, i) => table[0]!.map((_, j) => value(i, j)));
  const gram = square((i, j) => dot(table.map((q) => q[i]!), table.map((q) => q[j]!)));
  const [g, s] = [table.map((q) => q.map(() => 0)), table.map(() => 0)];
  const [first, second] = [square(() => 0), square(() => 0)];
  const most = Math.max(...people.map((items) => items.length));
  let total = 0;
  for (const items of people) {
    const own = items.map((item) => table[item]!);
    const ridge = reg * (items.length + a0 * table.length);
    let p = eliminate(
      square((i, j) =>
        dot(own.map((q) => q[i]!), own.map((q) => q[j]!)) + a0 * gram[i]![j]! +
        (i === j ? ridge : 0)
      ),
      table[0]!.map((_, j) => own.reduce((sum, q) => sum + q[j]!, 0)),
    );
    const length = Math.sqrt(dot(p, p));
    if (length > 1) p = p.map((value) => value / length);
    const slopes = own.map((q) => 1 - dot(p, q));
    const norm = Math.sqrt(dot(slopes, slopes) * dot(p, p) + items.length * dot(p, p) ** 2);
    let w = Math.min(1, Math.sqrt(30 / items.length));
    if (w * norm > clip) w = clip / norm;
    items.forEach((item, at) => {
      p.forEach((value, j) => g[item]![j]! += w * slopes[at]! * value);
      s[item]! += w * dot(p, p);
    });
    p.forEach((x, i) =>
      p.forEach((y, j) => {
        first[i]![j]! += w * x * y;
        second[i]![j]! += w * Math.sqrt(items.length / most) * x * y;
      })
    );
    total += w;
  }
  const trace = (matrix: number[][]): number => matrix.reduce((sum, row, i) => sum + row[i]!, 0);
  return table.map((q, item) => {
    const r = reg * (s[item]! * total / trace(first) + a0 * total);
    const h = square((i, j) =>
      a0 * first[i]![j]! + s[item]! * 0.9 * second[i]![j]! / trace(second) +
      (i === j ? 0.1 * s[item]! + r : 0)
    );
    const right = q.map((own, i) => g[item]![i]! - a0 * dot(first[i]!, q) - r * own);
    return eliminate(h, right).map((delta, j) => q[j]! + delta);
  });
}

Deno.test("als-newton: rounds with sums in float follow the recipe, written down a second time", async () => {
  const rng = seededRng(SEED);
  const people = Array.from(
    { length: 14 },
    (_, person) =>
      [...Array(60).keys()].filter((item) =>
        item % 2 === person % 2 ? rng.uniform() < 0.2 + person / 16 : rng.uniform() < 0.1
      ),
  );
  const model = ials({ items: 60, dim: 5 });
  const strategy = strategyFrom(alsNewton(), core);
  let tensors: NamedTensors = model.initial(SEED);
  for (let round = 1; round <= 4; round++) {
    const sums = Object.fromEntries(
      strategy.sums(model.tensors).map(({ name, shape }) => [name, zeros(shape)]),
    );
    for (const items of people) {
      const examples = { items: Uint32Array.from(items) };
      const trainer = model.trainer({ core, examples, state });
      const contribution = await trainer(tensors, { round, seed: SEED, signal });
      assert.ok(contribution.kind === "sums");
      for (const [name, { data }] of Object.entries(contribution.sums)) {
        data.forEach((value, at) => sums[name]!.data[at]! += value);
      }
    }
    const { data } = tensorOf(tensors, "items");
    const table = Array.from(
      { length: 60 },
      (_, item) => [...data.subarray(5 * item, 5 * item + 5)],
    );
    const want = recipeStep(table, people).flat();
    const input = { model: tensors, state: {}, sums, clients: people.length, round };
    tensors = strategy.step(input).model;
    tensorOf(tensors, "items").data.forEach((value, at) =>
      assert.ok(
        Math.abs(value - want[at]!) < 1e-4,
        `round ${round}: ${value}, expected ${want[at]}`,
      )
    );
  }
  // The clip and the range were at work: the busiest took 53 of 60 items.
  assert.ok(people.some((items) => items.length > 30));
});

const scalar = (value: number) => ({ shape: [1], data: Float32Array.of(value) });
const cell = (value: number) => ({ shape: [1, 1], data: Float32Array.of(value) });
const sums = {
  gradient: cell(2),
  strength: scalar(3),
  gram: scalar(4),
  curvature: scalar(0.5),
  weight: scalar(8),
};

Deno.test("als-newton: a row follows from its sums, by hand for one dimension", () => {
  const strategy = strategyFrom(alsNewton({ a0: 0.5, reg: 0.1, lr: 0.25 }), core);
  const { model, state } = strategy.step({
    model: { rows: cell(0.5) },
    state: {},
    sums,
    clients: 99,
    round: 1,
  });
  const r = 0.1 * (3 * 8 / 4 + 0.5 * 8);
  const h = 0.5 * 4 + 3 * (0.9 + 0.1) + r;
  const want = 0.5 + 0.25 * (2 - 0.5 * 4 * 0.5 - r * 0.5) / h;
  assert.ok(Math.abs(tensorOf(model, "rows").data[0]! - want) < 1e-7);
  assert.deepEqual(state, {});
});

Deno.test("als-newton: the sums are d + 1 values an item, two triangles and a weight", () => {
  const strategy = strategyFrom(alsNewton({ range: 2 }), core);
  const specs = strategy.sums([{ name: "items", shape: [9724, 32] }]);
  assert.deepEqual(specs.map(({ name, shape, range }) => [name, sizeOf(shape), range]), [
    ["gradient", 9724 * 32, 2],
    ["strength", 9724, 4],
    ["gram", 528, 4],
    ["curvature", 528, 4],
    ["weight", 1, 1],
  ]);
  assert.equal(specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0), 321_949);
});

Deno.test("als-newton: sums without weight or length are refused, and say what was found", () => {
  const strategy = strategyFrom(alsNewton(), core);
  const step = (changed: NamedTensors) =>
    strategy.step({
      model: { items: cell(1) },
      state: {},
      sums: { ...sums, ...changed },
      clients: 1,
      round: 1,
    });
  for (const name of ["gram", "curvature", "weight"]) {
    for (const value of [0, -1, NaN]) {
      assert.throws(() => step({ [name]: scalar(value) }), (error) => {
        assert.ok(isTributaryError(error, "model-invalid"));
        assert.match(error.message, /^Cannot step the items: the clients' weight is /);
        return true;
      });
    }
  }
  const mark = core.memory.mark();
  assert.throws(
    () => step({ gradient: zeros([2, 1]) }),
    /Cannot use gradients of 2 values: expected 1/,
  );
  assert.equal(core.memory.mark(), mark);
});

Deno.test("als-newton: a strength that noise made negative counts as none", () => {
  const strategy = strategyFrom(alsNewton(), core);
  const step = (strength: number) =>
    strategy.step({
      ...{ model: { items: cell(1) }, state: {}, clients: 1, round: 1 },
      sums: { ...sums, strength: scalar(strength) },
    }).model;
  assert.deepEqual(step(-50), step(0));
  assert.notDeepEqual(step(-50), step(1));
});

Deno.test("als-newton: a ridge pulls every item towards 0, by hand for one dimension", () => {
  const stepped = (ridge?: number) =>
    strategyFrom(alsNewton(ridge === undefined ? {} : { ridge }), core).step({
      ...{ model: { items: cell(1) }, state: {}, clients: 1, round: 1, sums },
    }).model["items"]?.data[0] ?? NaN;
  const value = (name: keyof typeof sums): number => sums[name].data[0] ?? NaN;
  const [a0, reg, ridge] = [0.3, 0.005, 2];
  const pull = reg * (value("strength") * value("weight") / value("gram") + a0 * value("weight")) +
    ridge;
  const slope = value("gradient") - a0 * value("gram") - pull;
  const expected = 1 + slope / (a0 * value("gram") + value("strength") + pull);
  assert.ok(Math.abs(stepped(ridge) - expected) < 1e-6, `${stepped(ridge)}, expected ${expected}`);
  assert.ok(Math.abs(stepped(1e9)) < 1e-6);
  assert.notEqual(stepped(), stepped(ridge));
});
