import assert from "node:assert/strict";
import { isTributaryError } from "../core/errors.ts";
import { joinTree } from "../../tests/fleet.ts";
import { startTree } from "../../tests/tree.ts";
import { inventTable } from "../models/_testing.ts";
import { logistic } from "../models/logistic.ts";
import { mlp } from "../models/mlp.ts";
import { sgd } from "../nn/optimizer_options.ts";
import { fedAdam, fedProx, scaffold } from "../strategy/mod.ts";
import { defineTask } from "../task/define_task.ts";
import { joinLeaf } from "./_testing.ts";
import { localModel } from "./local_model.ts";

const CLIENTS = { min: 3, max: 10 };
const isAbove = (x: readonly number[]) => x[0]! - x[1]! > 0 ? 1 : 0;

/** Three clients' rows, of which each has held out some. */
const TABLES = [1, 2, 3].map((seed) => ({
  ...inventTable(isAbove, { rows: 40, width: 2, seed }),
  evaluation: inventTable(isAbove, { rows: 20, width: 2, seed: 10 + seed }),
}));

for (
  const { name, ...parts } of [
    { name: "logistic by fedadam", strategy: fedAdam({ lr: 0.5, beta1: 0.5 }) },
    { name: "logistic by fedprox", strategy: fedProx({ mu: 0.01 }) },
    {
      name: "logistic by scaffold",
      strategy: scaffold({ population: 3 }),
      update: { clip: 1 },
    },
    {
      name: "mlp by fedavg",
      model: mlp({ features: 2, hidden: [8], epochs: 5, optimizer: sgd({ lr: 0.3 }) }),
    },
  ]
) {
  Deno.test(`local model: three clients of ${name} learn a table over a tree, and predict`, async () => {
    const model = logistic({ features: 2, epochs: 3, optimizer: sgd({ lr: 0.5 }) });
    const task = defineTask({ name, model, clients: CLIENTS, stop: { rounds: 8 }, ...parts });
    await using tree = await startTree({ task });
    const clients = await Promise.all(
      TABLES.map((examples, number) => joinLeaf(tree, { number, training: { examples } })),
    );
    const accuracies = await Promise.all(clients.map(async (client) => {
      const reports = await Array.fromAsync(client.rounds());
      return reports.map((report) => report.kind === "sent" ? report.metrics.accuracy! : NaN);
    }));
    for (const own of accuracies) assert.ok(own.at(-1)! > 0.8, `${own}`);
    const learned = await clients[0]!.model();
    // Without what the strategy publishes beside the model.
    const names = ("model" in parts ? parts.model : model).tensors.map(({ name }) => name);
    assert.deepEqual(Object.keys(learned.tensors).toSorted(), names.toSorted());
    const [yes, no] = await learned.predict(Float32Array.of(2, -2, -2, 2));
    assert.ok(yes! > 0.8 && no! < 0.2, `${yes} ${no}`);
    await assert.rejects(
      learned.recommend({ k: 1 }),
      /^TypeError: Cannot recommend: the device joined with a table, not with interactions$/,
    );
    for (const client of clients) await client[Symbol.asyncDispose]();
  });
}

Deno.test("local model: examples of another form than the task's model takes are refused", async () => {
  const task = defineTask({
    name: "rows",
    model: logistic({ features: 2 }),
    clients: CLIENTS,
    stop: { rounds: 1 },
  });
  await using tree = await startTree({ task });
  await assert.rejects(
    joinTree(tree, {
      number: 0,
      at: tree.root,
      training: { examples: { items: Uint32Array.of(1) } },
    }),
    (error) =>
      isTributaryError(error, "bad-data") &&
      error.message ===
        "Cannot train logistic on examples of the form interactions: expected a table",
  );
});

Deno.test("local model: what a device did not join for, it cannot be asked", async () => {
  const tensors = {};
  const none = localModel({ version: 3, tensors }, undefined);
  assert.equal(none.version, 3);
  await assert.rejects(
    none.predict(new Float32Array(2)),
    /^TypeError: Cannot predict: the device joined with a trainer, not with a table$/,
  );
  const items = Uint32Array.of(1);
  const scorer = () => Promise.resolve(Float32Array.of(3, 9, 5));
  const person = localModel({ version: 3, tensors }, { kind: "recommend", scorer, items });
  assert.deepEqual(await person.recommend({ k: 2 }), [
    { item: 2, score: 5 },
    { item: 0, score: 3 },
  ]);
  await assert.rejects(
    person.predict(new Float32Array(2)),
    /^TypeError: Cannot predict: the device joined with interactions, not with a table$/,
  );
});
