import assert from "node:assert/strict";
import { ials, mf } from "../src/models/mod.ts";
import { defineTask, type TaskDefinition } from "../src/task/define_task.ts";
import type { Task } from "../src/wire/task.ts";
import { runFleet } from "./fleet.ts";
import { inventPeople } from "./people.ts";
import { startTree, type TreeOptions } from "./tree.ts";
import type { SimulateOptions } from "../src/sim/options.ts";
import { simulate } from "../src/sim/simulate.ts";

const PEOPLE = 12;
const ITEMS = 40;
const people = await inventPeople({ people: PEOPLE, items: ITEMS });
const clients = people.map((examples) => ({ examples }));

function films(what: Pick<TaskDefinition, "model"> & Partial<TaskDefinition>): Task {
  return defineTask({
    name: "films",
    clients: { min: PEOPLE, max: PEOPLE },
    stop: { rounds: 3 },
    seed: "07".repeat(32),
    ...what,
  });
}

/** Digest of the final model and the means of each round, of real aggregators and clients. */
async function live(options: TreeOptions) {
  await using tree = await startTree(options);
  await runFleet(tree, { people });
  const { entries } = await tree.root.life.log(0, 100);
  const metrics = entries.flatMap(({ body: { event } }) =>
    event.kind === "published" ? [event.metrics] : []
  );
  return { digest: tree.root.life.status().model?.digest, metrics };
}

async function simulated(task: Task, options: Partial<SimulateOptions> = {}) {
  const run = await simulate(task, { clients, seed: new Uint8Array(32), ...options });
  return { digest: run.info.digest, metrics: run.rounds.map(({ metrics }) => metrics) };
}

const tasks: Record<string, Task> = {
  mf: films({ model: mf({ items: ITEMS, dim: 8 }) }),
  "mf by averages": films({ model: mf({ items: ITEMS, dim: 8, sends: "weights" }) }),
  ials: films({ model: ials({ items: ITEMS, dim: 8, form: "newton" }) }),
};

for (const [name, task] of Object.entries(tasks)) {
  Deno.test(`simulate: ${name} learns what live devices learn, in every tree and any number of threads`, async () => {
    const expected = await live({ task });
    assert.equal(expected.metrics.length, 3);
    assert.deepEqual(await live({ task, shape: [3], over: "http" }), expected);
    for (const tree of [[], [3], [2, 2]]) {
      assert.deepEqual(await simulated(task, { tree }), expected, `tree [${tree}]`);
    }
    for (const workers of [1, 2, 3]) {
      assert.deepEqual(
        await simulated(task, { tree: [2], workers }),
        expected,
        `${workers} threads`,
      );
    }
  });
}
