import assert from "node:assert/strict";
import { isTributaryError } from "../core/errors.ts";
import type { TrainContext, WeightsContribution } from "../core/trainer.ts";
import { auc } from "../metrics/mod.ts";
import { adam, sgd } from "../nn/optimizer_options.ts";
import { createTrainCore, inlineModule } from "../wasm/mod.ts";
import { inventTable } from "./_testing.ts";
import { logistic } from "./logistic.ts";
import { trainAlone } from "./table_alone.ts";

const module = await inlineModule("train");
const SEED = new Uint8Array(32).fill(5);
const CONTEXT: TrainContext = {
  ...{ round: 1, seed: SEED, signal: new AbortController().signal },
  needs: ["loss"],
};
const above = (x: readonly number[]) => 2 * x[0]! - x[1]! + 0.5 > 0 ? 1 : 0;

Deno.test("logistic: one step from zeros is that of the textbook", async () => {
  using core = createTrainCore(module);
  const model = logistic({ features: 2, optimizer: sgd({ lr: 1 }) });
  const examples = {
    kind: "table",
    features: Float32Array.of(1, 2, 3, -4),
    labels: Float32Array.of(1, 0),
  } as const;
  const trained = await model.trainer({ core, examples })(model.initial(SEED), CONTEXT);
  const { weights, examples: count, steps, rate, loss } = trained as WeightsContribution;
  // The gradient is the mean of (p − y)·x, where p = .5.
  assert.deepEqual([...weights.weight!.data], [-0.5, 1.5]);
  assert.deepEqual([...weights.bias!.data], [0]);
  assert.deepEqual([count, steps, rate], [2, 1, 1]);
  assert.ok(Math.abs(loss! - Math.LN2) < 1e-6);
});

Deno.test("logistic: alone it finds the slopes of a world that has some", async () => {
  using core = createTrainCore(module);
  const model = logistic({ features: 3, optimizer: sgd({ lr: 0.5 }) });
  const examples = inventTable(above, { rows: 2000, width: 3, seed: 1 });
  const held = inventTable(above, { rows: 500, width: 3, seed: 2 });
  const tensors = await trainAlone(model, { core, examples, seed: SEED });
  const [a, b, c] = tensors.weight!.data;
  assert.ok(Math.abs(b! / a! + 0.5) < 0.05, `${a} ${b}`);
  assert.ok(Math.abs(c! / a!) < 0.05, `${a} ${c}`);
  const chances = await model.predictor(core)(tensors, held.features);
  assert.ok(auc(held.labels, chances)! > 0.99);
  assert.deepEqual(await trainAlone(model, { core, examples, seed: SEED }), tensors);
  assert.notDeepEqual(
    await trainAlone(model, { core, examples, seed: new Uint8Array(32) }),
    tensors,
  );
});

Deno.test("logistic: the received model is measured on held-out rows, before training", async () => {
  using core = createTrainCore(module);
  const model = logistic({ features: 3, epochs: 20, optimizer: sgd({ lr: 1 }) });
  const { kind, ...rows } = inventTable(above, { rows: 60, width: 3, seed: 3 });
  const evaluation = inventTable(above, { rows: 40, width: 3, seed: 4 });
  const trainer = model.trainer({ core, examples: { kind, ...rows, evaluation } });
  const first = await trainer(model.initial(SEED), CONTEXT) as WeightsContribution;
  const zeros = evaluation.labels.filter((label) => label === 0).length / 40;
  assert.equal(first.metrics!.accuracy, zeros);
  assert.equal(first.metrics!.brier, 0.25);
  assert.ok(Math.abs(first.metrics!.loss! - 1) < 1e-6);
  const second = await trainer(first.weights, { ...CONTEXT, round: 2 }) as WeightsContribution;
  assert.ok(second.metrics!.accuracy! > 0.9);
  assert.ok(second.loss! < first.loss!);
});

Deno.test("logistic: held-out rows do not change what is learned, and none are no measurement", async () => {
  using core = createTrainCore(module);
  const model = logistic({ features: 3 });
  const examples = inventTable(above, { rows: 20, width: 3, seed: 3 });
  const other = inventTable(above, { rows: 9, width: 3, seed: 9 });
  const train = (evaluation?: typeof other) =>
    model.trainer({ core, examples: { ...examples, ...(evaluation && { evaluation }) } })(
      model.initial(SEED),
      CONTEXT,
    ) as Promise<WeightsContribution>;
  const plain = await train();
  assert.equal(plain.metrics, undefined);
  assert.deepEqual((await train(other)).weights, plain.weights);
  const none = { ...other, features: new Float32Array(), labels: new Float32Array() };
  assert.equal((await train(none)).metrics, undefined);
});

Deno.test("logistic: predictions of many rows are those of each", async () => {
  using core = createTrainCore(module);
  const model = logistic({ features: 2 });
  const tensors = {
    weight: { shape: [2, 1], data: Float32Array.of(1, -2) },
    bias: { shape: [1], data: Float32Array.of(0.25) },
  };
  const { features } = inventTable(above, { rows: 5000, width: 2, seed: 5 });
  const before = core.memory.mark();
  const predictor = model.predictor(core);
  const chances = await predictor(tensors, features);
  assert.equal(chances.length, 5000);
  for (const row of [0, 4095, 4096, 4999]) {
    const [a, b] = features.subarray(2 * row, 2 * row + 2);
    const wanted = 1 / (1 + Math.exp(-(a! - 2 * b! + 0.25)));
    assert.ok(Math.abs(chances[row]! - wanted) < 1e-6);
  }
  assert.equal((await predictor(tensors, new Float32Array())).length, 0);
  assert.equal(core.memory.mark(), before);
  await assert.rejects(
    predictor(tensors, new Float32Array(3)),
    /^RangeError: Cannot predict from 3 values: expected rows of 2 features$/,
  );
});

Deno.test("logistic: rows that do not fit are refused when a device brings them", () => {
  using core = createTrainCore(module);
  const model = logistic({ features: 3 });
  const rows = {
    kind: "table",
    features: new Float32Array(6),
    labels: new Float32Array(2),
  } as const;
  const short = { ...rows, features: new Float32Array(5) };
  const refused: [Parameters<typeof model.trainer>[0]["examples"], RegExp][] = [
    [short, /^Cannot learn from 5 values in 2 rows: expected 3 features a row$/],
    [{ ...rows, labels: Float32Array.of(0, 7) }, /label 7 of row 2/],
    [{ ...rows, evaluation: short }, /5 values in 2 rows/],
  ];
  for (const [examples, found] of refused) {
    assert.throws(
      () => model.trainer({ core, examples }),
      (error) => isTributaryError(error, "bad-data") && found.test(error.message),
    );
  }
});

Deno.test("logistic: what its trainer gives strategies hangs on the optimiser", () => {
  assert.deepEqual(logistic({ features: 1 }).duties, ["correction", "steps", "loss", "rate"]);
  for (const optimizer of [adam({ lr: 1 }), sgd({ lr: 1, momentum: 0.9 })]) {
    assert.deepEqual(
      logistic({ features: 1, optimizer }).duties,
      ["correction", "steps", "loss"],
    );
  }
});

Deno.test("logistic: settings that do not fit are refused by name", () => {
  const refused: [object, RegExp][] = [
    [{ features: 0 }, /^Cannot make a logistic model: features: features must be at least 1$/],
    [{ features: 3, epochs: 0 }, /epochs must be at least 1/],
    [{ features: 3, epochs: 1001 }, /epochs must be at most 1000/],
    [{ features: 3, optimizer: { kind: "sgd" } }, /optimizer.lr: Invalid key: Expected "lr"/],
    [{ features: 3, optimizer: { kind: "lbfgs", lr: 1 } }, /optimizer.kind/],
    [{ features: 3, schedule: { kind: "cosine" } }, /schedule.total/],
    [{ features: 3, maxNorm: 0 }, /maxNorm must be above 0/],
    [{ features: 3, hidden: [4] }, /hidden/],
  ];
  for (const [settings, found] of refused) {
    assert.throws(
      () => logistic(settings as never),
      (error) => {
        assert.ok(isTributaryError(error, "task-refused"), String(error));
        assert.match(error.message, found);
        return true;
      },
    );
  }
});
