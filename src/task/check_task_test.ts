import assert from "node:assert/strict";
import { isTributaryError } from "../core/errors.ts";
import { ials, mf, tensors } from "../models/mod.ts";
import { qFedAvg, scaffold } from "../strategy/mod.ts";
import type { Task } from "../wire/task.ts";
import { checkTask } from "./check_task.ts";
import { defineTask } from "./define_task.ts";

const TASK = defineTask({
  name: "films",
  model: mf({ items: 20, dim: 3 }),
  clients: { min: 2, max: 100 },
  stop: { rounds: 30 },
});

function refused(change: Partial<Task>, found: RegExp): void {
  assert.throws(
    () => checkTask({ ...TASK, ...change }),
    (error) => {
      assert.ok(isTributaryError(error, "task-refused"), String(error));
      assert.match(error.message, found);
      return true;
    },
  );
}

Deno.test("checkTask: a task that came as JSON gives the model and plan that it was made from", () => {
  const { model, plan } = checkTask(JSON.parse(JSON.stringify(TASK)));
  assert.deepEqual(model.options, mf({ items: 20, dim: 3 }).options);
  assert.deepEqual(plan, {
    tensors: TASK.update.tensors,
    slotBits: 19,
    maxClients: 100,
    clip: null,
    weightCap: null,
  });
});

Deno.test("checkTask: the ranges and shapes of an update are those that model and strategy ask for", () => {
  const tensors = TASK.update.tensors;
  const change = (at: number, tensor: object) => ({
    update: {
      ...TASK.update,
      tensors: tensors.map((one, index) => index === at ? { ...one, ...tensor } : one),
    },
  });
  refused(
    change(0, { range: 50 }),
    /tensor 1 is item \[20, 3\] within ±50: expected item \[20, 3\] within ±2/,
  );
  refused(change(1, { shape: [21] }), /tensor 2 is bias \[21\] within ±2: expected bias \[20\]/);
  refused(change(2, { name: "counts" }), /tensor 3 is counts/);
  refused(
    { update: { ...TASK.update, tensors: tensors.slice(0, -1) } },
    /tensor 7 is no tensor: expected metrics\/loss/,
  );
  refused(
    { update: { ...TASK.update, tensors: [...tensors, { name: "spy", shape: [9], range: 1 }] } },
    /tensor 8 is spy \[9\] within ±1: expected no tensor/,
  );
});

Deno.test("checkTask: what another version would understand is refused", () => {
  refused({ model: { kind: "gru" } }, /Cannot use model "gru": expected one of mf, ials, /);
  refused({ strategy: { kind: "krum" } }, /Cannot use strategy "krum": expected one of fedavg/);
  refused({ model: { ...TASK.model, depth: 3 } }, /Cannot make an mf model/);
});

Deno.test("checkTask: a plan that would keep a device busy for hours is refused", () => {
  const train = { ...TASK.train, negatives: 100, personSteps: 100 };
  refused({ train }, /Cannot make an mf model: .* at most 1000, found 100 × 100 = 10000$/);
});

Deno.test("checkTask: what a round publishes is the model, and what the strategy sends along", () => {
  const definition = { name: "risk", clients: TASK.clients, stop: TASK.stop };
  const model = tensors({ tensors: { w: [2, 3], b: [3] } });
  const plain = checkTask(defineTask({ ...definition, model }));
  assert.deepEqual(plain.published, model.tensors);
  const strategy = scaffold({ population: 200 });
  const corrected = checkTask(defineTask({ ...definition, model, strategy }));
  assert.deepEqual(corrected.published, [
    ...model.tensors,
    { name: "published/control/w", shape: [2, 3] },
    { name: "published/control/b", shape: [3] },
  ]);
  assert.deepEqual(corrected.strategy.options, strategy);
});

Deno.test("checkTask: a clip that the strategy's ranges were not made for is refused", () => {
  const task = defineTask({
    ...{ name: "risk", clients: TASK.clients, stop: TASK.stop },
    model: tensors({ tensors: { w: [2] } }),
    strategy: qFedAvg({ norm: 2 }),
  });
  const update = { ...task.update, clip: null };
  refused({ ...task, update }, /Cannot step by qfedavg with clip null: expected at most 2/);
});

Deno.test("checkTask: the share of clipped updates is a metric where there is a bound, and no goal", () => {
  const definition = {
    ...{ name: "risk", clients: TASK.clients, stop: TASK.stop },
    model: tensors({ tensors: { w: [2] }, metrics: ["accuracy"] }),
    metrics: ["accuracy", "clipped"],
  };
  const task = defineTask({ ...definition, update: { clip: 1 } });
  assert.deepEqual(task.update.tensors.map(({ name }) => name).slice(-3), [
    "metrics/evaluated",
    "metrics/accuracy",
    "metrics/clipped",
  ]);
  assert.throws(() => defineTask(definition), /Cannot measure "clipped" of tensors/);
  const target = { metric: "clipped", value: 0.5 };
  refused(
    { ...task, stop: { rounds: 5, target } },
    /Cannot stop by clipped, which is better when lower/,
  );
});

Deno.test("checkTask: slots are checked again by whoever receives the task", () => {
  refused({ clients: { min: 2, max: 200_000 } }, /Cannot fit 200000 clients in 19-bit slots/);
});

Deno.test("checkTask: both forms of ials, and mf in both ways of sending, can be defined", () => {
  for (
    const model of [
      ials({ items: 20, dim: 3 }),
      ials({ items: 20, dim: 3, form: "exact" }),
      mf({ items: 20, dim: 3, sends: "weights" }),
      mf({ items: 20, dim: 3, loss: "bpr" }),
    ]
  ) {
    const { name, clients, stop } = TASK;
    const task = defineTask({ name, clients, stop, model });
    assert.deepEqual(checkTask(task).model.options, model.options);
  }
});
