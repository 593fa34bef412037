import assert from "node:assert/strict";
import { memoryState } from "../client/memory_state.ts";
import { isTributaryError } from "../core/errors.ts";
import { deriveSeed, seededRng } from "../core/random.ts";
import type { NamedTensors } from "../core/tensor.ts";
import type { Contribution, SumsContribution, WeightsContribution } from "../core/trainer.ts";
import { generate, heldOutCases, leaveOneOut, SYNTHETIC_SHAPES } from "../data/mod.ts";
import { evaluateLeaveOneOut } from "../metrics/mod.ts";
import { strategyFrom } from "../strategy/mod.ts";
import { createTrainCore, inlineModule } from "../wasm/mod.ts";
import { ncf } from "./ncf.ts";
import { centralNcf } from "./ncf_central.ts";
import { localNcf } from "./ncf_local.ts";

const module = await inlineModule("train");
const SEED = new Uint8Array(32).fill(5);
const SMALL = { items: 30, dim: 4, hidden: [6] } as const;
const MINE = Uint32Array.of(2, 3, 5, 7, 11);

function context(round = 1, seed: Uint8Array = SEED) {
  return { round, seed, signal: new AbortController().signal };
}

Deno.test("ncf: item tables and layers travel, people do not", () => {
  const model = ncf({ items: 30, dim: 4, hidden: [6, 3] });
  assert.deepEqual(model.tensors, [
    { name: "product.item", shape: [30, 4] },
    { name: "layers.item", shape: [30, 4] },
    { name: "layers.hidden1.weight", shape: [8, 6] },
    { name: "layers.hidden1.bias", shape: [6] },
    { name: "layers.hidden2.weight", shape: [6, 3] },
    { name: "layers.hidden2.bias", shape: [3] },
    { name: "output.weight", shape: [7, 1] },
    { name: "output.bias", shape: [1] },
  ]);
  assert.deepEqual(model.initial(SEED), model.initial(SEED));
  assert.notDeepEqual(model.initial(SEED), model.initial(new Uint8Array(32)));
});

Deno.test("ncf: a client sends changes of the rows it touched and of the layers, and marks the rows", async () => {
  using core = createTrainCore(module);
  const model = ncf({ ...SMALL, negatives: 1 });
  const device = { core, state: memoryState(), examples: { items: MINE } };
  const before = core.memory.mark();
  const initial = model.initial(SEED);
  const copy = structuredClone(initial);
  const { sums } = await model.trainer(device)(initial, context()) as SumsContribution;
  assert.deepEqual(initial, copy);
  assert.equal(core.memory.mark(), before);
  assert.deepEqual(Object.keys(sums), [...Object.keys(initial), "count"]);
  const { count } = sums;
  const touched = [...count!.data.keys()].filter((item) => count!.data[item] === 1);
  assert.ok(MINE.every((item) => touched.includes(item)));
  assert.ok(touched.length > MINE.length && touched.length <= 2 * MINE.length);
  for (const name of ["product.item", "layers.item"]) {
    for (let item = 0; item < 30; item++) {
      const row = sums[name]!.data.subarray(4 * item, 4 * item + 4);
      assert.equal(row.some((value) => value !== 0), touched.includes(item), `${name} ${item}`);
    }
  }
  assert.ok(sums["layers.hidden1.weight"]!.data.some((value) => value !== 0));
  assert.equal(await device.state.get("ncf/person") !== undefined, true);
});

Deno.test("ncf: what it sends as rows and as weights is one and the same training", async () => {
  using core = createTrainCore(module);
  const train = async (sends: "rows" | "weights"): Promise<Contribution> => {
    const model = ncf({ ...SMALL, sends, clip: 1e6 });
    const device = { core, state: memoryState(), examples: { items: MINE } };
    const asked = { ...context(), needs: ["loss"] } as const;
    return await model.trainer(device)(model.initial(SEED), asked);
  };
  const { sums } = await train("rows") as SumsContribution;
  const { weights, examples, steps, loss } = await train("weights") as WeightsContribution;
  const initial = ncf(SMALL).initial(SEED);
  for (const [name, { data }] of Object.entries(weights)) {
    data.forEach((value, i) => {
      const change = Math.fround(value - initial[name]!.data[i]!);
      assert.ok(Math.abs(change - sums[name]!.data[i]!) < 1e-6, name);
    });
  }
  assert.equal(examples, 5);
  assert.equal(steps, 2);
  assert.ok(Math.abs(loss! - Math.LN2) < 0.1);
});

Deno.test("ncf: a whole change is shrunk to the clip", async () => {
  using core = createTrainCore(module);
  const model = ncf({ ...SMALL, clip: 0.25 });
  const device = { core, state: memoryState(), examples: { items: MINE } };
  const { sums } = await model.trainer(device)(model.initial(SEED), context()) as SumsContribution;
  const { count: _, ...changes } = sums;
  const squares = Object.values(changes).flatMap(({ data }) => [...data].map((x) => x * x));
  const length = Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
  assert.ok(Math.abs(length - 0.25) < 1e-5, `${length}`);
});

Deno.test("ncf: the held-out item does not steer training, and the seed does", async () => {
  using core = createTrainCore(module);
  const model = ncf(SMALL);
  const train = async (seed: Uint8Array, target?: number) => {
    const evaluation = target === undefined
      ? {}
      : { evaluation: { target, negatives: Uint32Array.of(20, 21, 22) } };
    const device = { core, state: memoryState(), examples: { items: MINE, ...evaluation } };
    return await model.trainer(device)(model.initial(SEED), context(1, seed)) as SumsContribution;
  };
  const plain = await train(SEED);
  assert.equal(plain.metrics, undefined);
  const measured = await train(SEED, 13);
  assert.deepEqual(measured.sums, plain.sums);
  assert.deepEqual(Object.keys(measured.metrics!), ["hr@10", "ndcg@10", "loss"]);
  assert.equal(measured.metrics!["hr@10"], 1);
  assert.notDeepEqual((await train(new Uint8Array(32))).sums, plain.sums);
});

Deno.test("ncf: a person is kept on the device, and of another size refused", async () => {
  using core = createTrainCore(module);
  const state = memoryState();
  const examples = { items: MINE };
  const model = ncf(SMALL);
  const initial = model.initial(SEED);
  const first = await model.trainer({ core, state, examples })(initial, context());
  const kept = await state.get("ncf/person");
  const second = await model.trainer({ core, state, examples })(initial, context());
  assert.notDeepEqual(second, first);
  assert.notDeepEqual(await state.get("ncf/person"), kept);
  const other = ncf({ ...SMALL, dim: 5 });
  await assert.rejects(
    other.trainer({ core, state, examples })(other.initial(SEED), context()),
    (error) => isTributaryError(error, "bad-tensors") && /"product.person"/.test(error.message),
  );
});

Deno.test("ncf: scores leave out what the person has, and need no earlier training", async () => {
  using core = createTrainCore(module);
  const model = ncf(SMALL);
  const scores = await model.scorer({ core, state: memoryState(), examples: { items: MINE } })(
    model.initial(SEED),
  );
  assert.equal(scores.length, 30);
  scores.forEach((score, item) => assert.equal(score === -Infinity, MINE.includes(item)));
});

Deno.test("ncf: an item outside of the tables is refused", async () => {
  using core = createTrainCore(module);
  const model = ncf(SMALL);
  const device = { core, state: memoryState(), examples: { items: Uint32Array.of(30) } };
  await assert.rejects(model.trainer(device)(model.initial(SEED), context()), RangeError);
});

/** An invented world in which tastes can be told, and chance is .1. */
async function world() {
  const { interactions } = generate(SYNTHETIC_SHAPES.small, seededRng(SEED));
  const split = leaveOneOut(interactions);
  const cases = await heldOutCases(split, { seed: SEED });
  return {
    cases,
    people: split.train.histories.map(({ items }) => items),
    items: split.train.items.length,
  };
}

function add(sum: NamedTensors | undefined, { sums }: SumsContribution): NamedTensors {
  if (sum === undefined) return structuredClone(sums);
  for (const [name, { data }] of Object.entries(sums)) {
    data.forEach((x, i) => sum[name]!.data[i]! += x);
  }
  return sum;
}

Deno.test("ncf: people who only send sums learn an invented world's taste, as all data in one place", async () => {
  using core = createTrainCore(module);
  const { cases, people, items } = await world();
  const model = ncf({ items, dim: 8, hidden: [16] });
  const strategy = strategyFrom(model.strategy, core);
  const devices = cases.map(({ train, test, negatives }) => ({
    ...{ core, state: memoryState() },
    examples: { items: train, evaluation: { target: test, negatives } },
  }));
  let tensors = model.initial(SEED);
  for (let round = 1; round <= 15; round++) {
    let sums: NamedTensors | undefined;
    for (const [person, device] of devices.entries()) {
      const seed = await deriveSeed(SEED, person, round);
      const sent = await model.trainer(device)(tensors, context(round, seed));
      sums = add(sums, sent as SumsContribution);
    }
    const clients = devices.length;
    tensors = strategy.step({ model: tensors, state: {}, sums: sums!, clients, round }).model;
  }
  const quality = async (score: (person: number, at: number) => Promise<Float32Array>) => {
    const scores = new Map<number, Float32Array>();
    for (const [at, { person }] of cases.entries()) scores.set(person, await score(person, at));
    return evaluateLeaveOneOut((person) => scores.get(person)!, { cases, items }).hitRate;
  };
  const together = await quality((_, at) => model.scorer(devices[at]!)(tensors));
  const central = await centralNcf(model, { core, people, seed: SEED, epochs: 30, batchSize: 256 });
  const inOnePlace = await quality(central);
  const alone = await quality(async (person) => {
    const seed = await deriveSeed(SEED, person);
    return await localNcf(model, { core, items: people[person]!, seed, rounds: 3 });
  });
  assert.ok(together > 0.5, `together ${together}`);
  assert.ok(inOnePlace > 0.5, `in one place ${inOnePlace}`);
  assert.ok(alone < 0.3, `alone ${alone}`);
});

Deno.test("central ncf: is repeatable by seed, and knows nobody beyond the last", async () => {
  using core = createTrainCore(module);
  const people = [MINE, Uint32Array.of(1)];
  const model = ncf(SMALL);
  const run = async (seed: Uint8Array) =>
    await (await centralNcf(model, { core, people, seed, epochs: 2 }))(1);
  const scores = await run(SEED);
  assert.deepEqual(await run(SEED), scores);
  assert.notDeepEqual(await run(new Uint8Array(32)), scores);
  assert.equal(scores[1], -Infinity);
  const score = await centralNcf(model, { core, people, seed: SEED, epochs: 1 });
  await assert.rejects(score(2), /^RangeError: Cannot score for person 2: there are 2$/);
});

Deno.test("ncf: settings that do not fit are refused by name", () => {
  const refused: [object, RegExp][] = [
    [{ items: 0 }, /^Cannot make an ncf model: items: items must be at least 1$/],
    [{ items: 5, hidden: [] }, /there must be a hidden layer/],
    [{ items: 5, negatives: 101 }, /negatives must be at most 100/],
    [{ items: 5, sends: "all" }, /sends must be rows or weights/],
    [{ items: 5, clip: 0 }, /clip must be above 0/],
    [{ items: 5, optimizer: { kind: "adam", lr: -1 } }, /lr must be above 0/],
  ];
  for (const [settings, found] of refused) {
    assert.throws(
      () => ncf(settings as never),
      (error) => isTributaryError(error, "task-refused") && found.test(error.message),
    );
  }
});
