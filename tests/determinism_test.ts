import assert from "node:assert/strict";
import fc from "fast-check";
import { ials, mf } from "../src/models/mod.ts";
import { defineTask } from "../src/task/define_task.ts";
import type { Task } from "../src/wire/task.ts";
import { runFleet } from "./fleet.ts";
import { inventPeople } from "./people.ts";
import { startTree, type TreeOptions } from "./tree.ts";

const PEOPLE = 12;
const ITEMS = 40;
const people = await inventPeople({ people: PEOPLE, items: ITEMS });
const tasks = {
  mf: films({ name: "mf", model: mf({ items: ITEMS, dim: 8 }) }),
  ials: films({ name: "ials", model: ials({ items: ITEMS, dim: 8, form: "newton" }) }),
};

function films(what: Pick<Parameters<typeof defineTask>[0], "name" | "model">): Task {
  return defineTask({
    ...what,
    clients: { min: PEOPLE, max: PEOPLE },
    stop: { rounds: 3 },
    seed: "07".repeat(32),
  });
}

/** Digest of the final model, and the means of the metrics round by round. */
async function outcome(options: TreeOptions, order?: readonly number[]) {
  await using tree = await startTree(options);
  const reports = await runFleet(tree, { people, ...(order === undefined ? {} : { order }) });
  assert.deepEqual(reports.map((all) => all.map(({ kind }) => kind)), people.map(() => SENT));
  const { entries } = await tree.root.life.log(0, 100);
  const metrics = entries.flatMap(({ body: { event } }) =>
    event.kind === "published" ? [event.metrics] : []
  );
  return { digest: tree.root.life.status().model?.digest, metrics };
}

const SENT = ["sent", "sent", "sent"];

for (const [name, task] of Object.entries(tasks)) {
  Deno.test(`determinism: ${name} learns the same bits in every tree, over every road`, async () => {
    const alone = await outcome({ task });
    assert.equal(alone.metrics.length, 3);
    const others: [string, TreeOptions, (readonly number[])?][] = [
      ["three regions", { task, shape: [3] }],
      ["two levels", { task, shape: [2, 2] }],
      ["SQLite", { task, shape: [2], store: "sqlite" }],
      ["HTTP", { task, shape: [3], over: "http" }],
      ["the other way round", { task, shape: [3] }, people.map((_, at) => PEOPLE - 1 - at)],
    ];
    for (const [road, options, order] of others) {
      assert.deepEqual(await outcome(options, order), alone, road);
    }
  });
}

Deno.test("determinism: neither shape nor order of arrival changes a bit", async () => {
  const expected = await outcome({ task: tasks.ials });
  const shape = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 });
  const order = fc.shuffledSubarray([...people.keys()], { minLength: PEOPLE });
  await fc.assert(
    fc.asyncProperty(shape, order, async (shape, order) => {
      assert.deepEqual(await outcome({ task: tasks.ials, shape }, order), expected);
    }),
    { numRuns: 8 },
  );
});
