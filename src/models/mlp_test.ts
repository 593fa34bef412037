import assert from "node:assert/strict";
import { isTributaryError } from "../core/errors.ts";
import { deriveSeed } from "../core/random.ts";
import type { NamedTensors } from "../core/tensor.ts";
import type { WeightsContribution } from "../core/trainer.ts";
import { takeRows } from "../data/encode_table.ts";
import { auc } from "../metrics/mod.ts";
import { fedAvg, strategyFrom } from "../strategy/mod.ts";
import { adam, sgd } from "../nn/optimizer_options.ts";
import { createTrainCore, inlineModule } from "../wasm/mod.ts";
import { inventTable } from "./_testing.ts";
import { logistic } from "./logistic.ts";
import { mlp } from "./mlp.ts";
import type { TableModel } from "./model.ts";
import { trainAlone } from "./table_alone.ts";

const module = await inlineModule("train");
const SEED = new Uint8Array(32).fill(2);
/** What no line tells apart. */
const differ = (x: readonly number[]) => x[0]! > 0 !== x[1]! > 0 ? 1 : 0;
const third = (x: readonly number[]) => x[0]! > 0.4 ? 2 : x[0]! > -0.4 ? 1 : 0;

Deno.test("mlp: tensors are named by layer, in order", () => {
  const model = mlp({
    features: 5,
    hidden: [4, 3],
    dropout: 0.1,
    output: { kind: "classes", count: 7 },
  });
  assert.deepEqual(model.tensors, [
    { name: "hidden1.weight", shape: [5, 4] },
    { name: "hidden1.bias", shape: [4] },
    { name: "hidden2.weight", shape: [4, 3] },
    { name: "hidden2.bias", shape: [3] },
    { name: "output.weight", shape: [3, 7] },
    { name: "output.bias", shape: [7] },
  ]);
  const initial = model.initial(SEED);
  assert.deepEqual(Object.keys(initial), model.tensors.map(({ name }) => name));
  assert.deepEqual(model.initial(SEED), initial);
  assert.notDeepEqual(model.initial(new Uint8Array(32)), initial);
});

Deno.test("mlp: learns what a line cannot tell apart", async () => {
  using core = createTrainCore(module);
  const examples = inventTable(differ, { rows: 1000, width: 2, seed: 1 });
  const held = inventTable(differ, { rows: 500, width: 2, seed: 2 });
  const settings = { features: 2, epochs: 5, optimizer: adam({ lr: 0.02 }) };
  const quality = async (model: TableModel) => {
    const tensors = await trainAlone(model, { core, examples, seed: SEED, rounds: 4 });
    return auc(held.labels, await model.predictor(core)(tensors, held.features))!;
  };
  for (const activation of ["relu", "gelu", "silu", "tanh"] as const) {
    const found = await quality(mlp({ ...settings, hidden: [16], activation }));
    assert.ok(found > 0.97, `${activation}: ${found}`);
  }
  const line = await quality(logistic(settings));
  assert.ok(Math.abs(line - 0.5) < 0.1, `${line}`);
});

Deno.test("mlp: learns classes, measured as they are", async () => {
  using core = createTrainCore(module);
  const output = { kind: "classes", count: 3 } as const;
  const model = mlp({ features: 2, hidden: [8], output, optimizer: adam({ lr: 0.03 }) });
  const examples = inventTable(third, { rows: 900, width: 2, seed: 1 });
  const evaluation = inventTable(third, { rows: 300, width: 2, seed: 2 });
  const tensors = await trainAlone(model, { core, examples, seed: SEED });
  const chances = await model.predictor(core)(tensors, evaluation.features);
  assert.equal(chances.length, 900);
  const signal = new AbortController().signal;
  const { metrics } = await model.trainer({ core, examples: { ...examples, evaluation } })(
    tensors,
    { round: 1, seed: SEED, signal },
  );
  assert.ok(metrics!.accuracy! > 0.93, `${metrics!.accuracy}`);
  assert.ok(metrics!.loss! < 0.25, `${metrics!.loss}`);
  for (let row = 0; row < 300; row++) {
    const sum = chances.subarray(3 * row, 3 * row + 3).reduce((a, b) => a + b);
    assert.ok(Math.abs(sum - 1) < 1e-5);
  }
});

Deno.test("mlp: learns values", async () => {
  using core = createTrainCore(module);
  const model = mlp({
    features: 1,
    hidden: [16],
    activation: "tanh",
    output: { kind: "value" },
    optimizer: adam({ lr: 0.02 }),
  });
  assert.deepEqual(model.metrics, ["loss"]);
  const curve = (x: readonly number[]) => x[0]! ** 2 / 2;
  const examples = inventTable(curve, { rows: 1000, width: 1, seed: 1 });
  const tensors = await trainAlone(model, { core, examples, seed: SEED, rounds: 40 });
  const values = await model.predictor(core)(tensors, Float32Array.of(0, 1, -1, 2));
  [0, 0.5, 0.5, 2].forEach((want, at) =>
    assert.ok(Math.abs(values[at]! - want) < 0.15, `${values}`)
  );
});

Deno.test("mlp: dropout takes part in training, by the client's seed, and not in predictions", async () => {
  using core = createTrainCore(module);
  const model = mlp({ features: 2, hidden: [8], dropout: 0.5, batchSize: 64 });
  const examples = inventTable(differ, { rows: 64, width: 2, seed: 1 });
  const initial = model.initial(SEED);
  const train = async (seed: Uint8Array) =>
    (await model.trainer({ core, examples })(initial, {
      round: 1,
      seed,
      signal: new AbortController().signal,
    }) as WeightsContribution).weights;
  const one = await train(SEED);
  assert.deepEqual(await train(SEED), one);
  assert.notDeepEqual(await train(new Uint8Array(32)), one);
  const predictor = model.predictor(core);
  assert.deepEqual(
    await predictor(one, examples.features),
    await predictor(one, examples.features),
  );
});

Deno.test("mlp: clients that each have few rows learn together what none learns alone", async () => {
  using core = createTrainCore(module);
  const model = mlp({
    features: 2,
    hidden: [16],
    epochs: 2,
    batchSize: 8,
    optimizer: sgd({ lr: 0.2 }),
  });
  const examples = inventTable(differ, { rows: 600, width: 2, seed: 1 });
  const held = inventTable(differ, { rows: 400, width: 2, seed: 2 });
  const parts = Array.from({ length: 50 }, (_, client) =>
    takeRows(
      { ...examples, kind: "table" },
      Uint32Array.from({ length: 12 }, (_, row) => 12 * client + row),
    ));
  const quality = async (tensors: NamedTensors) =>
    auc(held.labels, await model.predictor(core)(tensors, held.features))!;
  const strategy = strategyFrom(fedAvg(), core);
  let tensors = model.initial(SEED);
  for (let round = 1; round <= 40; round++) {
    const sums: Record<string, { shape: readonly number[]; data: Float32Array<ArrayBuffer> }> = {
      "clients/weight": { shape: [1], data: Float32Array.of(parts.length) },
    };
    for (const [client, part] of parts.entries()) {
      const seed = await deriveSeed(SEED, client, round);
      const signal = new AbortController().signal;
      const trained = await model.trainer({ core, examples: part })(tensors, {
        round,
        seed,
        signal,
      });
      for (
        const [name, { shape, data }] of Object.entries((trained as WeightsContribution).weights)
      ) {
        const sum = sums[name] ??= { shape, data: new Float32Array(data.length) };
        data.forEach((value, i) => sum.data[i]! += value - tensors[name]!.data[i]!);
      }
    }
    tensors =
      strategy.step({ model: tensors, state: {}, sums, clients: parts.length, round }).model;
  }
  const together = await quality(tensors);
  const alone = await quality(
    await trainAlone(model, { core, examples: parts[0]!, seed: SEED, rounds: 40 }),
  );
  assert.ok(together > 0.95, `together ${together}`);
  assert.ok(alone < together - 0.03, `alone ${alone}`);
});

Deno.test("mlp: settings that do not fit are refused by name", () => {
  const refused: [object, RegExp][] = [
    [{ hidden: [] }, /there must be a hidden layer/],
    [{ hidden: new Array(9).fill(2) }, /8 hidden layers at most/],
    [{ hidden: [1.5] }, /hidden.0: a hidden layer's width must be a whole number/],
    [{ activation: "softmax" }, /activation must be relu, gelu, silu, tanh or sigmoid/],
    [{ dropout: 1 }, /dropout must be below 1/],
    [{ output: { kind: "classes", count: 1 } }, /output.count: count must be at least 2/],
    [{ output: { kind: "ranks" } }, /output.kind/],
  ];
  for (const [settings, found] of refused) {
    assert.throws(
      () => mlp({ features: 3, ...settings } as never),
      (error) => isTributaryError(error, "task-refused") && found.test(error.message),
    );
  }
});
