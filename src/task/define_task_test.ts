import assert from "node:assert/strict";
import { isTributaryError } from "../core/errors.ts";
import { ials, logistic, mf, ncf, tensors } from "../models/mod.ts";
import { alsNewton, fedAdam, fedAvg, fedNova, fedProx } from "../strategy/mod.ts";
import { qFedAvg, rowwise, scaffold } from "../strategy/mod.ts";
import { readTask } from "../wire/task.ts";
import { checkTask } from "./check_task.ts";
import { defineTask } from "./define_task.ts";
import type { TaskDefinition } from "./define_task.ts";

const FILMS: TaskDefinition = {
  name: "films",
  model: mf({ items: 9724, dim: 32 }),
  clients: { min: 300, max: 610 },
  stop: { rounds: 30 },
};

Deno.test("defineTask: what is left out is filled in, and the document is complete", () => {
  assert.deepEqual(defineTask(FILMS), {
    version: 1,
    name: "films",
    model: { kind: "mf", items: 9724, dim: 32, loss: "logistic" },
    train: {
      negatives: 4,
      personSteps: 3,
      personRate: 0.05,
      personDecay: 0.01,
      itemRate: 0.5,
      clip: 10,
      sends: "rows",
    },
    strategy: { kind: "rowwise", lr: 0.6, range: 2 },
    update: {
      slotBits: 19,
      tensors: [
        { name: "item", shape: [9724, 32], range: 2 },
        { name: "bias", shape: [9724], range: 2 },
        { name: "count", shape: [9724], range: 1 },
        { name: "metrics/evaluated", shape: [1], range: 1 },
        { name: "metrics/hr@10", shape: [1], range: 1 },
        { name: "metrics/ndcg@10", shape: [1], range: 1 },
        { name: "metrics/loss", shape: [1], range: 1 },
      ],
      clip: null,
      weightCap: null,
    },
    mask: { kind: "none" },
    clients: { min: 300, max: 610 },
    sampling: { kind: "all" },
    roundMs: 60_000,
    metrics: ["hr@10", "ndcg@10", "loss"],
    stop: { rounds: 30 },
    seed: "00".repeat(32),
  });
});

Deno.test("defineTask: every choice stands in the document, and the document is read as it is", () => {
  const task = defineTask({
    ...FILMS,
    train: { clip: 2, negatives: 8 },
    strategy: rowwise({ lr: 0.5, range: 1 }),
    update: { slotBits: 25 },
    roundMs: 5000,
    metrics: ["ndcg@10"],
    stop: { rounds: 9, target: { metric: "ndcg@10", value: 0.4 }, minutes: 3 },
    seed: "ab".repeat(32),
  });
  assert.deepEqual([task.train.clip, task.train.negatives], [2, 8]);
  assert.deepEqual(task.strategy, { kind: "rowwise", lr: 0.5, range: 1 });
  assert.deepEqual(task.update.tensors.map(({ name, range }) => [name, range]), [
    ["item", 1],
    ["bias", 1],
    ["count", 1],
    ["metrics/evaluated", 1],
    ["metrics/ndcg@10", 1],
  ]);
  assert.equal(task.seed, "ab".repeat(32));
  assert.deepEqual(readTask(JSON.parse(JSON.stringify(task))), task);
});

Deno.test("defineTask: nothing of the document can be changed", () => {
  const task = defineTask(FILMS);
  assert.throws(() => (task as { name: string }).name = "other", TypeError);
  assert.throws(() => (task.update.tensors[0]!.shape as number[])[0] = 1, TypeError);
});

Deno.test("defineTask: how clients train a table's model stands under train, in full", () => {
  const { name, clients, stop } = FILMS;
  const task = defineTask({
    ...{ name, clients, stop },
    model: logistic({ features: 106 }),
    train: { epochs: 2, optimizer: { kind: "adam", lr: 0.01 } },
    strategy: fedAdam({ lr: 0.2 }),
  });
  assert.deepEqual(task.model, { kind: "logistic", features: 106 });
  assert.deepEqual(task.train, {
    epochs: 2,
    batchSize: 32,
    optimizer: { kind: "adam", lr: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, decay: 0 },
    schedule: { kind: "constant" },
    maxNorm: null,
  });
  assert.deepEqual(task.metrics, ["accuracy", "brier", "loss"]);
  assert.deepEqual(checkTask(JSON.parse(JSON.stringify(task))).model.options, {
    ...task.model,
    ...task.train,
  });
});

Deno.test("defineTask: ncf sends what the strategy steps by, rows of its tables at first", () => {
  const { name, clients, stop } = FILMS;
  const model = ncf({ items: 9, dim: 2, hidden: [3] });
  const rows = defineTask({ name, clients, stop, model });
  assert.deepEqual(rows.strategy.tables, ["product.item", "layers.item"]);
  assert.equal(rows.update.tensors.find((tensor) => tensor.name === "count")?.shape[0], 9);
  const whole = defineTask({ name, clients, stop, model, strategy: fedAvg() });
  assert.equal(whole.train.sends, "weights");
  assert.equal(whole.update.tensors.some((tensor) => tensor.name === "count"), false);
});

Deno.test("defineTask: mf sends what the strategy steps by", () => {
  const task = defineTask({ ...FILMS, strategy: fedAdam({ lr: 0.05 }), update: { clip: 1 } });
  assert.equal(task.train.sends, "weights");
  assert.deepEqual(task.update.tensors.slice(0, 3), [
    { name: "item", shape: [9724, 32], range: 1 },
    { name: "bias", shape: [9724], range: 1 },
    { name: "clients/weight", shape: [1], range: 1 },
  ]);
  assert.equal(task.update.clip, 1);
  const back = defineTask({
    ...FILMS,
    model: mf({ items: 9, dim: 2, sends: "weights" }),
    strategy: rowwise(),
  });
  assert.equal(back.train.sends, "rows");
});

Deno.test("defineTask: training settings of a tensors model are its trainers' own", () => {
  const task = defineTask({
    name: "risk",
    model: tensors({ tensors: { slopes: [3], intercept: [1] }, metrics: ["accuracy"] }),
    train: { epochs: 2, schedule: [0.1, 0.01] },
    update: { clip: 1, weightCap: 100 },
    clients: { min: 2, max: 10 },
    stop: { rounds: 5 },
  });
  assert.deepEqual(task.train, { epochs: 2, schedule: [0.1, 0.01] });
  assert.deepEqual([task.update.clip, task.update.weightCap], [1, 100]);
});

/** Asserts that a definition is refused with a sentence that has `found` in it. */
function refused(change: Partial<TaskDefinition>, found: RegExp): void {
  assert.throws(
    () => defineTask({ ...FILMS, ...change }),
    (error) => {
      assert.ok(isTributaryError(error, "task-refused"), String(error));
      assert.match(error.message, found);
      return true;
    },
  );
}

Deno.test("defineTask: refuses slots that leave fewer than two bits a value", () => {
  refused(
    { update: { slotBits: 10 } },
    /^Cannot fit 610 clients in 10-bit slots: at most 256 fit at 2 bits a value/,
  );
  assert.equal(defineTask({ ...FILMS, update: { slotBits: 12 } }).update.slotBits, 12);
  refused({ update: { slotBits: 33 } }, /slotBits/);
});

Deno.test("defineTask: refuses what a region cannot hold, with the bytes", () => {
  refused(
    { model: mf({ items: 4_000_000, dim: 32 }) },
    /^Cannot plan an update of 544000016 bytes: at most 268435456 fit a region/,
  );
  refused(
    { model: ials({ items: 97_240, dim: 64, form: "exact" }) },
    /Cannot plan an update of \d+/,
  );
});

Deno.test("defineTask: refuses dimensions and settings out of range, naming them", () => {
  refused({ train: { clip: -1 } }, /Cannot make an mf model: clip: clip must be above 0/);
  refused({ train: { momentum: 1 } }, /Cannot train mf by "momentum": expected one of negatives/);
  refused({ clients: { min: 20, max: 10 } }, /clients.min is 20, expected at most .* which is 10/);
  refused({ clients: { min: 0, max: 10 } }, /clients.min/);
  refused({ roundMs: 0 }, /roundMs/);
  refused({ name: "" }, /name/);
  refused({ seed: "00" }, /seed/);
  refused({ stop: { rounds: 0 } }, /stop.rounds/);
});

Deno.test("defineTask: refuses a strategy that does not step what the model sends", () => {
  refused(
    { model: ials({ items: 9, dim: 2 }), strategy: fedAvg() },
    /^Cannot step ials by fedavg: expected als-newton/,
  );
  refused(
    { model: ials({ items: 9, dim: 2, form: "exact" }), strategy: alsNewton() },
    /^Cannot step ials by als-newton: expected als-exact/,
  );
  refused(
    { model: tensors({ tensors: { w: [2] } }), strategy: rowwise() },
    /^Cannot step tensors by rowwise: expected a strategy for changes of weights, such as fedavg/,
  );
  refused(
    { model: tensors({ tensors: { "clients/weight": [2] } }) },
    /tensor "clients\/weight": a sum of the strategy is called so/,
  );
  refused(
    { model: ials({ items: 9, dim: 2 }), strategy: alsNewton({ reg: 1 }) },
    /^Cannot step ials by als-newton with reg 1: expected 0.005, as the model has it/,
  );
});

Deno.test("defineTask: refuses a strategy that asks more of clients than the model's do", () => {
  const model = mf({ items: 9, dim: 2 });
  refused(
    { model, strategy: fedProx() },
    /^Cannot step mf by fedprox: its clients would have to give correction, expected a strategy /,
  );
  refused({ model, strategy: fedNova() }, /^Cannot step mf by fednova: .* have to give steps/);
  const sgd = { kind: "sgd", lr: 0.1, momentum: 0.9, nesterov: false, decay: 0 } as const;
  refused(
    { model: logistic({ features: 3, optimizer: sgd }), strategy: scaffold({ population: 9 }) },
    /^Cannot step logistic by scaffold: its clients would have to give rate/,
  );
});

Deno.test("defineTask: a strategy that counts on the clients' momentum has the model's", () => {
  const sgd = { kind: "sgd", lr: 0.1, momentum: 0.9, nesterov: false, decay: 0 } as const;
  const model = logistic({ features: 3, optimizer: sgd });
  refused(
    { model, strategy: fedNova() },
    /^Cannot step logistic by fednova with localMomentum 0: expected 0.9, as the model has it/,
  );
  const strategy = fedNova({ localMomentum: 0.9 });
  const task = defineTask({ ...FILMS, model, strategy });
  assert.deepEqual(task.strategy, strategy);
});

Deno.test("defineTask: a strategy's sums and clip stand in the document", () => {
  const definition = { ...FILMS, model: tensors({ tensors: { w: [2] } }) };
  const { update } = defineTask({ ...definition, strategy: scaffold({ population: 700 }) });
  assert.deepEqual(update.tensors.map(({ name }) => name), ["w", "clients/weight", "control/w"]);
  const fair = defineTask({ ...definition, strategy: qFedAvg({ norm: 3 }) });
  assert.equal(fair.update.clip, 3);
  assert.deepEqual(fair.update.tensors.map(({ name }) => name), [
    ...["w", "clients/weight", "clients/curvature"],
  ]);
});

Deno.test("defineTask: refuses a clip that is wider than a strategy's ranges are for", () => {
  const definition = { model: tensors({ tensors: { w: [2] } }), strategy: qFedAvg({ norm: 3 }) };
  refused(
    { ...definition, update: { clip: 4 } },
    /^Cannot step by qfedavg with clip 4: expected at most 3, which its ranges are for/,
  );
  const task = defineTask({ ...FILMS, ...definition, update: { clip: 2 } });
  assert.equal(task.update.clip, 2);
});

Deno.test("defineTask: refuses tensors named like what strategies publish", () => {
  refused(
    { model: tensors({ tensors: { "published/w": [2] } }) },
    /^Cannot publish a model with a tensor "published\/w": names that begin with "published\/" are /,
  );
});

Deno.test("defineTask: refuses metrics that the model does not have, and rules nobody can meet", () => {
  refused({ metrics: ["auc"] }, /Cannot measure "auc" of mf: expected one of hr@10, ndcg@10, loss/);
  const stop = (rules: object) => ({ stop: { rounds: 30, ...rules } });
  refused(stop({ target: { metric: "auc", value: 0.5 } }), /stops by "auc"/);
  refused(stop({ target: { metric: "hr@10", value: 1.2 } }), /Cannot stop when hr@10 reaches 1.2/);
  refused(stop({ target: { metric: "hr@10", value: 0 } }), /reaches 0: expected a value above 0/);
  refused(
    stop({ patience: { metric: "hr@10", rounds: 30 } }),
    /after 30 rounds without a better hr@10: all ends after 30 rounds/,
  );
  refused(stop({ patience: { metric: "loss", rounds: 3 } }), /better when lower/);
});

Deno.test("defineTask: refuses to clip or weigh what the model clips and weighs itself", () => {
  refused({ update: { clip: 1 } }, /Cannot clip or weigh what mf sends for rowwise/);
  refused({ update: { weightCap: 10 } }, /Cannot clip or weigh/);
});
