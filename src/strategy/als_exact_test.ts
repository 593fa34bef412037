import assert from "node:assert/strict";
import { isTributaryError } from "../core/errors.ts";
import { seededRng } from "../core/random.ts";
import { type NamedTensors, sizeOf, tensorOf, zeros } from "../core/tensor.ts";
import { ials, type IalsModel } from "../models/ials.ts";
import { ialsCentral } from "../models/ials_central.ts";
import { createTrainCore, inlineModule } from "../wasm/mod.ts";
import { alsExact } from "./als_exact.ts";
import { strategyFrom } from "./registry.ts";
import type { Strategy } from "./strategy.ts";

const core = createTrainCore(await inlineModule("train"));
const SEED = new Uint8Array(32).fill(3);
const state = { get: () => Promise.resolve(undefined), set: () => Promise.resolve() };
const signal = new AbortController().signal;

const people = ((): Uint32Array[] => {
  const rng = seededRng(SEED);
  return Array.from(
    { length: 25 },
    (_, person) =>
      Uint32Array.from(
        [...Array(37).keys()].filter((item) =>
          item % 3 === person % 3 ? rng.uniform() < 0.6 : rng.uniform() < 0.1
        ),
      ),
  );
})();

/** The clients' sums in float32, as they would arrive if nothing were rounded to integers. */
async function plainSums(
  strategy: Strategy,
  model: IalsModel,
  tensors: NamedTensors,
): Promise<NamedTensors> {
  const sums = Object.fromEntries(
    strategy.sums(model.tensors).map(({ name, shape }) => [name, zeros(shape)]),
  );
  for (const items of people) {
    const trainer = model.trainer({ core, examples: { items }, state });
    const contribution = await trainer(tensors, { round: 1, seed: SEED, signal });
    assert.equal(contribution.kind, "sums");
    if (contribution.kind !== "sums") continue;
    assert.deepEqual(Object.keys(contribution.sums).sort(), Object.keys(sums).sort());
    for (const [name, { data }] of Object.entries(contribution.sums)) {
      data.forEach((value, at) => sums[name]!.data[at]! += value);
    }
  }
  return sums;
}

Deno.test("als-exact: with sums in float, five federated rounds are five central sweeps", async () => {
  const model = ials({ items: 37, dim: 6, form: "exact", a0: 0.3, reg: 0.005, range: 100 });
  const strategy = strategyFrom(alsExact({ range: 100 }), core);
  let tensors: NamedTensors = model.initial(SEED);
  const start = tensorOf(tensors, "items").data;
  for (let round = 1; round <= 5; round++) {
    const sums = await plainSums(strategy, model, tensors);
    const input = { model: tensors, state: {}, sums, clients: people.length, round };
    tensors = strategy.step(input).model;
    const { options } = model;
    const central = ialsCentral(core, { options, people, table: start, sweeps: round });
    tensorOf(tensors, "items").data.forEach((value, at) =>
      assert.ok(Math.abs(value - central[at]!) < 1e-4, `round ${round}: ${value} ${central[at]}`)
    );
  }
  assert.ok(tensorOf(tensors, "items").data.some((value) => Math.abs(value) > 0.5));
});

Deno.test("als-exact: an item's row follows from its sums, by hand for one dimension", () => {
  const strategy = strategyFrom(alsExact({ a0: 0.5, reg: 0.1 }), core);
  const column = (...data: number[]) => ({ shape: [2, 1], data: Float32Array.from(data) });
  const sums = {
    outer: column(3, 0),
    linear: column(2, 0),
    count: { shape: [2], data: Float32Array.of(4, 0) },
    gram: { shape: [1], data: Float32Array.of(6) },
  };
  const { model, state } = strategy.step({
    model: { rows: column(9, 9) },
    state: {},
    sums,
    clients: 10,
    round: 1,
  });
  // 3 + 0.5·6 + 0.1·(4 + 0.5·10) = 6.9
  assert.deepEqual([...tensorOf(model, "rows").data], [Math.fround(2 / 6.9), 0]);
  assert.deepEqual(state, {});
});

Deno.test("als-exact: the sums are d(d+3)/2 + 1 values an item, and one Gramian", () => {
  const strategy = strategyFrom(alsExact({ range: 2 }), core);
  const sums = strategy.sums([{ name: "items", shape: [9724, 32] }]);
  assert.deepEqual(sums.map(({ name, shape, range }) => [name, sizeOf(shape), range]), [
    ["outer", 9724 * 528, 4],
    ["linear", 9724 * 32, 2],
    ["count", 9724, 1],
    ["gram", 528, 4],
  ]);
  assert.deepEqual(strategy.init({}), {});
});

Deno.test("als-exact: sums that admit no table are refused, and the core stays usable", () => {
  const strategy = strategyFrom(alsExact(), core);
  const one = (value: number) => ({ shape: [1, 1], data: Float32Array.of(value) });
  const step = (outer: number) =>
    strategy.step({
      model: { items: one(1) },
      state: {},
      sums: { outer: one(outer), linear: one(1), count: one(1), gram: one(1) },
      clients: 1,
      round: 1,
    });
  const mark = core.memory.mark();
  for (const outer of [-5, NaN]) {
    assert.throws(() => step(outer), (error) => isTributaryError(error, "model-invalid"));
  }
  assert.equal(core.memory.mark(), mark);
  const matrix = 1 + 0.3 + 0.005 * 1.3;
  assert.ok(Math.abs(step(1).model["items"]!.data[0]! - 1 / matrix) < 1e-6);
});
