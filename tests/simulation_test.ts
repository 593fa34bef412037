import assert from "node:assert/strict";
import { seededRng } from "../src/core/random.ts";
import { ease, ials, logistic, mf, mlp } from "../src/models/mod.ts";
import type { Examples } from "../src/models/model.ts";
import { simulate, type SimulateOptions } from "../src/sim/mod.ts";
import { scaffold } from "../src/strategy/mod.ts";
import { defineTask, type TaskDefinition } from "../src/task/define_task.ts";
import type { Task } from "../src/wire/task.ts";
import { runFleet } from "./fleet.ts";
import { inventPeople } from "./people.ts";
import { startTree, type TreeOptions } from "./tree.ts";

const CLIENTS = 8;
const ITEMS = 40;
const FEATURES = 6;
const people = await inventPeople({ people: CLIENTS, items: ITEMS });
const tables = inventTables();

/** What is learned, and from what. */
interface Case {
  readonly task: Task;
  readonly examples: readonly Examples[];
}

function task(what: Pick<TaskDefinition, "model"> & Partial<TaskDefinition>): Task {
  return defineTask({
    name: "simulated",
    clients: { min: CLIENTS, max: CLIENTS },
    stop: { rounds: 3 },
    seed: "07".repeat(32),
    ...what,
  });
}

/** Rows of six features whose first tells the label, more or less. */
function inventTables(): Examples[] {
  const rng = seededRng(new Uint8Array(32).fill(5));
  const rows = (count: number) => {
    const features = Float32Array.from({ length: count * FEATURES }, () => rng.normal());
    const labels = Float32Array.from(
      { length: count },
      (_, row) => Number((features[row * FEATURES] ?? 0) + rng.normal() > 0),
    );
    return { features, labels };
  };
  return Array.from({ length: CLIENTS }, (_, client) => ({
    ...{ kind: "table", ...rows(5 + 3 * client), evaluation: rows(4) },
  }));
}

const cases: Record<string, Case> = {
  mf: { task: task({ model: mf({ items: ITEMS, dim: 8 }) }), examples: people },
  "mf by averages": {
    task: task({ model: mf({ items: ITEMS, dim: 8, sends: "weights" }) }),
    examples: people,
  },
  ials: {
    task: task({ model: ials({ items: ITEMS, dim: 8, form: "newton" }) }),
    examples: people,
  },
  ease: { task: task({ model: ease({ items: ITEMS, reg: 5, cap: 6 }) }), examples: people },
  mlp: {
    task: task({
      model: mlp({ features: FEATURES, hidden: [5], dropout: 0.2, batchSize: 4, epochs: 2 }),
      update: { weightCap: 20, clip: 2 },
    }),
    examples: tables,
  },
  "logistic by SCAFFOLD, whose clients and root remember": {
    task: task({
      model: logistic({ features: FEATURES, batchSize: 4, epochs: 3 }),
      strategy: scaffold({ population: CLIENTS, range: 4, controlRange: 4 }),
    }),
    examples: tables,
  },
};

/** Model and means of each round, of real aggregators and clients. */
async function live({ task, examples }: Case, options: Partial<TreeOptions>) {
  await using tree = await startTree({ task, ...options });
  await runFleet(tree, { people: examples });
  const { entries } = await tree.root.life.log(0, 100);
  return entries.flatMap(({ body: { event } }) =>
    event.kind === "published" ? [{ model: event.model, metrics: event.metrics }] : []
  );
}

async function simulated({ task, examples }: Case, options: Partial<SimulateOptions>) {
  const clients = examples.map((examples) => ({ examples }) as SimulateOptions["clients"][number]);
  const run = await simulate(task, { clients, seed: new Uint8Array(32), ...options });
  return run.rounds.map(({ model, metrics }) => ({ model, metrics }));
}

for (const [name, one] of Object.entries(cases)) {
  Deno.test(`simulation: ${name}: the bits of live devices, in every tree and any number of threads`, async () => {
    const expected = await live(one, {});
    assert.equal(expected.length, 3);
    assert.deepEqual(await live(one, { shape: [3], over: "http" }), expected);
    for (const tree of [[], [3], [2, 2]]) {
      assert.deepEqual(await simulated(one, { tree }), expected, `tree [${tree}]`);
    }
    for (const workers of [1, 2, 3]) {
      assert.deepEqual(
        await simulated(one, { tree: [2], workers }),
        expected,
        `${workers} threads`,
      );
    }
  });
}

Deno.test("simulation: another seed is another run, live or not", async () => {
  const { mf: one } = cases;
  assert.ok(one !== undefined);
  const [first, second] = await Promise.all([
    simulated(one, {}),
    simulated(one, { seed: new Uint8Array(32).fill(1) }),
  ]);
  assert.notEqual(first.at(-1)?.model.digest, second.at(-1)?.model.digest);
});
