import assert from "node:assert/strict";
import type { Trainer } from "../src/core/trainer.ts";
import { tensors } from "../src/models/mod.ts";
import { defineTask, type TaskDefinition } from "../src/task/define_task.ts";
import { taskSpend } from "../src/update/private_plan.ts";
import { manualClock } from "../src/wire/_testing.ts";
import { verifyLog } from "../src/wire/verify_log.ts";
import type { Task } from "../src/wire/task.ts";
import { startCommittee } from "./committee.ts";
import { joinTree } from "./fleet.ts";
import { startTree, type TreeOptions } from "./tree.ts";

const CLIENTS = 8;
const VALUES = 3000;

/** Leaves the model as it is: what is published is noise. */
const still: Trainer = ({ w }) => {
  assert.ok(w !== undefined);
  return Promise.resolve({ kind: "weights", weights: { w }, examples: 0 });
};

function taskOf(change: Partial<TaskDefinition>): Task {
  return defineTask({
    name: "still",
    model: tensors({ tensors: { w: [VALUES] } }),
    clients: { min: CLIENTS, max: CLIENTS },
    privacy: { epsilon: 6, delta: 1e-6, clip: 0.5 },
    stop: { rounds: 1 },
    ...change,
  });
}

/** What real aggregators published of clients whose training and rounding is that of their number. */
async function live(task: Task, options: Partial<TreeOptions> = {}) {
  await using tree = await startTree({ task, ...options });
  const values = await Promise.all(
    Array.from({ length: CLIENTS }, async (_, number) => {
      const at = tree.leaves[number % tree.leaves.length];
      assert.ok(at !== undefined);
      await using client = await joinTree(tree, { number, at, training: { trainer: still } });
      for await (const _ of client.rounds());
      return (await client.model()).tensors["w"]?.data ?? new Float32Array();
    }),
  );
  const { entries } = await tree.root.life.log(0, 1000);
  const { owner } = tree.root.life.offer;
  const spend = taskSpend(task);
  const summary = await verifyLog(entries, {
    ...{ task, signer: owner },
    ...(spend && { spentAfter: spend.after }),
  });
  return { model: values[0] ?? new Float32Array(), entries, summary };
}

const deviation = (values: Float32Array): number =>
  Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);

/** Of the noise in a model of so many sums, each with that of `clients` shares. */
function expected(
  { privacy }: Task,
  { sums, clients }: { readonly sums: number; readonly clients: number },
): number {
  assert.ok(privacy?.mechanism.kind === "skellam");
  const { clip, noise, mechanism: { shares } } = privacy;
  return clip * noise * Math.sqrt(sums * clients / shares) / CLIENTS;
}

/** Five standard deviations of an estimate of one. */
const TOLERANCE = 5 / Math.sqrt(2 * VALUES);

Deno.test("private noise: a masked model has the noise that its clients' shares add up to, over a tree", async () => {
  const clock = manualClock();
  const { helpers, through } = await startCommittee(5, clock);
  const task = taskOf({ mask: { kind: "kahe1", helpers } });
  const { model, summary } = await live(task, { shape: [2], clock, through });
  const ratio = deviation(model) / expected(task, { sums: 1, clients: CLIENTS });
  assert.ok(Math.abs(ratio - 1) < TOLERANCE, `${ratio}`);
  assert.equal(summary.spent?.sums, 1);
  assert.ok((summary.spent?.epsilon ?? NaN) <= 6 && (summary.spent?.epsilon ?? NaN) > 5.98);
});

Deno.test("private noise: each group's sum has all of the noise that is counted on", async () => {
  const clock = manualClock();
  const { helpers, through } = await startCommittee(5, clock);
  const task = taskOf({ mask: { kind: "kahe1", helpers, min: 2, groups: 2 } });
  assert.deepEqual(task.privacy?.mechanism, { kind: "skellam", shares: 2 });
  const { model, entries, summary } = await live(task, { clock, through });
  const published = entries.flatMap(({ body: { event } }) =>
    event.kind === "published" ? event.groups?.map(({ clients }) => clients) : []
  );
  assert.deepEqual(published, [4, 4]);
  // Two shares are a whole noise: two groups of four have four times its variance.
  const ratio = deviation(model) / expected(task, { sums: 2, clients: 4 });
  assert.ok(Math.abs(ratio - 1) < TOLERANCE, `${ratio}`);
  assert.equal(summary.spent?.sums, 1, "a client is in one of them: together they cost one sum");
});

Deno.test("private noise: clients whose training is repeatable draw their noise afresh", async () => {
  const task = taskOf({});
  const [one, other] = [await live(task), await live(task, { shape: [2] })];
  const difference = one.model.map((x, i) => x - (other.model[i] ?? 0));
  // Independent, so that they differ by √2 of either.
  const ratio = deviation(difference) / (Math.SQRT2 * deviation(one.model));
  assert.ok(Math.abs(ratio - 1) < 2 * TOLERANCE, `${ratio}`);
});

Deno.test("private noise: a task ends live, too, once its budget is spent on sums that gave no model", async () => {
  // Nobody weighs anything: what is divided by is noise, and below 0 every other time. That it never is
  // in so many rounds happens once in 2^30 runs.
  const rounds = 30;
  const model = tensors({ tensors: { w: [16] } });
  const task = taskOf({ model, update: { weightCap: 10 }, stop: { rounds } });
  const { entries, summary } = await live(task);
  assert.equal(summary.finished, "privacy");
  assert.equal(summary.spent?.sums, rounds);
  assert.equal(summary.rounds + summary.abandoned, rounds);
  const spent = entries.flatMap(({ body: { event } }) =>
    event.kind === "published" || event.kind === "abandoned" ? [event.spent?.sums] : []
  );
  assert.deepEqual(spent, Array.from({ length: rounds }, (_, at) => at + 1));
});
