import assert from "node:assert/strict";
import type { NamedTensors } from "../core/tensor.ts";
import type { DeviceState, SumsContribution, WeightsContribution } from "../core/trainer.ts";
import { createTrainCore, inlineModule } from "../wasm/mod.ts";
import { mf } from "./mf.ts";
import type { PersonExamples } from "./model.ts";

const module = await inlineModule("train");
const SEED = new Uint8Array(32).fill(7);
const EXAMPLES: PersonExamples = {
  items: Uint32Array.of(2, 5, 11, 17),
  evaluation: { target: 8, negatives: Uint32Array.of(0, 1, 3, 4, 6, 7, 9, 10, 12, 13, 14) },
};
const signal = new AbortController().signal;

function memoryState(): DeviceState & { values: Map<string, Uint8Array> } {
  const values = new Map<string, Uint8Array>();
  return {
    values,
    get: (key) => Promise.resolve(values.get(key)),
    set: (key, value) => Promise.resolve(void values.set(key, value)),
  };
}

async function train(
  settings: Partial<Parameters<typeof mf>[0]> = {},
  examples = EXAMPLES,
  state: DeviceState = memoryState(),
) {
  using core = createTrainCore(module);
  const model = mf({ items: 20, dim: 3, ...settings });
  const initial = model.initial(SEED);
  const trainer = model.trainer({ core, examples, state });
  return { initial, contribution: await trainer(initial, { round: 1, seed: SEED, signal }) };
}

Deno.test("mf: the table's first values are small and random, the biases zero, by seed", () => {
  const model = mf({ items: 300, dim: 8 });
  const { item, bias } = model.initial(SEED);
  const mean = item!.data.reduce((sum, x) => sum + x, 0) / 2400;
  const sd = Math.sqrt(item!.data.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 2400);
  assert.ok(Math.abs(mean) < 0.003 && Math.abs(sd - 0.03) < 0.0015);
  assert.deepEqual([item!.shape, bias!.shape], [[300, 8], [300]]);
  assert.ok(bias!.data.every((x) => x === 0));
  assert.deepEqual(model.initial(SEED), { item, bias });
  assert.notDeepEqual(model.initial(new Uint8Array(32)).item, item);
});

Deno.test("mf: sends changes for the rows that it marks as touched, and for no other", async () => {
  const { contribution } = await train();
  const { kind, sums } = contribution as SumsContribution;
  assert.equal(kind, "sums");
  const count = Array.from(sums.count!.data);
  const touched = count.flatMap((value, item) => value === 1 ? [item] : []);
  assert.deepEqual(count.filter((value) => value === 0).length, 20 - touched.length);
  assert.ok(touched.length < 20);
  for (let item = 0; item < 20; item++) {
    const row = sums.item!.data.subarray(3 * item, 3 * item + 3);
    const changed = row.some((x) => x !== 0) || sums.bias!.data[item] !== 0;
    assert.equal(changed, touched.includes(item));
  }
  for (const item of EXAMPLES.items) assert.ok(sums.bias!.data[item]! > 0);
  for (const item of touched) {
    if (!EXAMPLES.items.includes(item)) assert.ok(sums.bias!.data[item]! < 0);
  }
});

Deno.test("mf: the whole change keeps within the clip", async () => {
  const { contribution } = await train({ clip: 0.25 });
  const { sums } = contribution as SumsContribution;
  const norm = Math.hypot(...sums.item!.data, ...sums.bias!.data);
  assert.ok(norm <= 0.25 && norm > 0.2499, `${norm}`);
});

Deno.test("mf: may send weights instead, which differ from the model by the same changes", async () => {
  const { contribution: sent } = await train();
  const { initial, contribution } = await train({ sends: "weights" });
  const { kind, weights, examples } = contribution as WeightsContribution;
  assert.deepEqual([kind, examples], ["weights", 4]);
  const { sums } = sent as SumsContribution;
  for (const name of ["item", "bias"]) {
    const expected = initial[name]!.data.map((x, i) => x + sums[name]!.data[i]!);
    assert.deepEqual(weights[name]!.data, expected);
  }
  assert.equal(mf({ items: 20, dim: 3, sends: "weights" }).strategy.kind, "fedavg");
});

Deno.test("mf: the same seed gives the same bits, another seed other negatives", async () => {
  const [one, two] = [await train(), await train()];
  assert.deepEqual(one, two);
  using core = createTrainCore(module);
  const model = mf({ items: 20, dim: 3 });
  const trainer = model.trainer({ core, examples: EXAMPLES, state: memoryState() });
  const other = await trainer(one.initial, { round: 1, seed: new Uint8Array(32), signal });
  assert.notDeepEqual(other, one.contribution);
});

Deno.test("mf: training never reads what is held out", async () => {
  const { contribution } = await train();
  for (const target of [8, 15, 19]) {
    const negatives = EXAMPLES.evaluation!.negatives;
    const other = await train({}, { ...EXAMPLES, evaluation: { target, negatives } });
    const bare = await train({}, { items: EXAMPLES.items });
    for (const { contribution: found } of [other, bare]) {
      assert.deepEqual(
        (found as SumsContribution).sums,
        (contribution as SumsContribution).sums,
      );
    }
  }
});

Deno.test("mf: a held-out item is sampled as a negative like any other", async () => {
  using core = createTrainCore(module);
  const model = mf({ items: 20, dim: 3 });
  const trainer = model.trainer({ core, examples: EXAMPLES, state: memoryState() });
  const hits = new Array<number>(20).fill(0);
  for (let round = 0; round < 200; round++) {
    const seed = new Uint8Array(32).fill(round);
    const { sums } = await trainer(model.initial(SEED), {
      round,
      seed,
      signal,
    }) as SumsContribution;
    sums.count!.data.forEach((one, item) => hits[item]! += one);
  }
  // 16 draws out of 16 items: each is met with probability 1 − (15/16)^16 = 0.64.
  hits.forEach((count, item) => {
    if (EXAMPLES.items.includes(item)) assert.equal(count, 200);
    else assert.ok(Math.abs(count / 200 - 0.64) < 0.12, `item ${item}: ${count} of 200`);
  });
});

Deno.test("mf: the person stays on the device from round to round", async () => {
  const state = memoryState();
  await train({}, EXAMPLES, state);
  const [first] = [...state.values.values()];
  assert.equal(first!.length, 4 * (3 * 3 + 1));
  await train({}, EXAMPLES, state);
  const [second] = [...state.values.values()];
  assert.equal(new DataView(first!.buffer).getFloat32(36, true), 3);
  assert.equal(new DataView(second!.buffer).getFloat32(36, true), 6);
});

Deno.test("mf: metrics are those of the received table; without a held-out item there are none", async () => {
  using core = createTrainCore(module);
  const model = mf({ items: 20, dim: 3 });
  const bias = new Float32Array(20).map((_, item) => item === 8 ? 9 : 0);
  const item = model.initial(SEED).item!;
  const run = async (data: Float32Array<ArrayBuffer>, examples: PersonExamples) => {
    const tensors: NamedTensors = { item, bias: { shape: [20], data } };
    const trainer = model.trainer({ core, examples, state: memoryState() });
    return (await trainer(tensors, { round: 1, seed: SEED, signal })).metrics;
  };
  const best = await run(bias, EXAMPLES);
  assert.deepEqual([best!["hr@10"], best!["ndcg@10"]], [1, 1]);
  const worst = await run(bias.map((x) => -x), EXAMPLES);
  assert.deepEqual([worst!["hr@10"], worst!["ndcg@10"]], [0, 0]);
  assert.deepEqual(Object.keys(worst!), model.metrics);
  assert.ok(worst!.loss! > 0 && worst!.loss! <= 1);
  assert.equal(await run(bias, { items: EXAMPLES.items }), undefined);
});

Deno.test("mf: a person without items sends zeros", async () => {
  const { contribution } = await train({}, { items: new Uint32Array() });
  const { sums } = contribution as SumsContribution;
  for (const { data } of Object.values(sums)) assert.ok(data.every((x) => x === 0));
});

Deno.test("mf: scores leave out what the person took, and fit somebody who never trained", async () => {
  using core = createTrainCore(module);
  const model = mf({ items: 20, dim: 3 });
  const item = { shape: [20, 3], data: new Float32Array(60) };
  // Items 0 to 9 point one way, 10 to 19 the other.
  item.data.forEach((_, i) => item.data[i] = i % 3 === 0 ? (i < 30 ? 1 : -1) : 0);
  const tensors = { item, bias: { shape: [20], data: new Float32Array(20) } };
  const state = memoryState();
  const examples = { items: Uint32Array.of(1, 4, 6) };
  const scores = await model.scorer({ core, examples, state })(tensors);
  assert.deepEqual([scores[1], scores[4], scores[6]], [-Infinity, -Infinity, -Infinity]);
  for (const own of [0, 2, 9]) {
    for (const other of [10, 15, 19]) assert.ok(scores[own]! > scores[other]!);
  }
  assert.deepEqual([...state.values], []);
});

Deno.test("mf: a trainer that was told to stop keeps and sends nothing", async () => {
  using core = createTrainCore(module);
  const model = mf({ items: 20, dim: 3 });
  const state = memoryState();
  const trainer = model.trainer({ core, examples: EXAMPLES, state });
  const stopped = { round: 1, seed: SEED, signal: AbortSignal.abort() };
  await assert.rejects(trainer(model.initial(SEED), stopped), { name: "AbortError" });
  assert.equal(state.values.size, 0);
});
