import assert from "node:assert/strict";
import type { TaskDefinition } from "../src/task/define_task.ts";
import { mf } from "../src/models/mod.ts";
import { simulate } from "../src/sim/mod.ts";
import { defineTask } from "../src/task/define_task.ts";
import type { Task } from "../src/wire/task.ts";
import { manualClock } from "../src/wire/_testing.ts";
import { startCommittee } from "./committee.ts";
import { runFleet } from "./fleet.ts";
import { inventPeople } from "./people.ts";
import { startTree, type TreeOptions } from "./tree.ts";

const CLIENTS = 8;
const ITEMS = 40;
const people = await inventPeople({ people: CLIENTS, items: ITEMS });

function task(change: Pick<TaskDefinition, "privacy"> & Partial<TaskDefinition>): Task {
  return defineTask({
    name: "private",
    model: mf({ items: ITEMS, dim: 4, sends: "weights" }),
    clients: { min: 1, max: CLIENTS },
    update: { slotBits: 32 },
    stop: { rounds: 3 },
    seed: "07".repeat(32),
    ...change,
  });
}

/** What was published by real aggregators from what real devices sent. */
async function live(task: Task, options: Partial<TreeOptions> = {}) {
  await using tree = await startTree({ task, ...options });
  const reports = await runFleet(tree, { people });
  const { entries } = await tree.root.life.log(0, 1000);
  const published = entries.flatMap(({ body: { event } }) =>
    event.kind === "published" ? [event] : []
  );
  return { reports, published };
}

const clients = people.map((examples) => ({ examples }));
const gaussian = { epsilon: 1000, delta: 1e-6, mechanism: { kind: "gaussian" } } as const;

Deno.test("private tree: the root's noise is drawn afresh in each run, and from the seed in simulations", async () => {
  const noisy = task({ privacy: gaussian });
  const [one, other] = [await live(noisy, { shape: [2] }), await live(noisy)];
  assert.equal(one.published.length, 3);
  const digests = ({ published }: typeof one) => published.map(({ model }) => model.digest);
  for (const digest of digests(one)) assert.ok(!digests(other).includes(digest));
  const run = async (tree: number[]) =>
    (await simulate(noisy, { clients, tree, seed: 3 })).rounds.map(({ model }) => model.digest);
  assert.deepEqual(await run([2]), await run([]));
});

Deno.test("private tree: the bound that the root publishes is the one that devices clip to", async () => {
  const adapting = task({
    privacy: { ...gaussian, clip: 0.01, adaptiveClip: { quantile: 0.5, rate: 1, countNoise: 0.2 } },
    stop: { rounds: 12 },
  });
  const { model, rounds } = await simulate(adapting, { clients, seed: 1 });
  assert.equal(rounds.length, 12);
  // Beside the model there is one value more.
  assert.equal((rounds[0]?.model.bytes ?? 0) > 4 * (ITEMS * 4 + ITEMS) + 4, true);
  // All updates are longer than the first bound: it grows e^½ a round, and the model moves further.
  const moved = Math.hypot(...model["bias"]?.data ?? []);
  const fixed = await simulate(
    task({ privacy: { ...gaussian, clip: 0.01 }, stop: { rounds: 12 } }),
    {
      ...{ clients, seed: 1 },
    },
  );
  assert.ok(moved > 3 * Math.hypot(...fixed.model["bias"]?.data ?? []), `${moved}`);
  const { published } = await live(adapting, { shape: [2] });
  assert.equal(published.length, 12);
});

Deno.test("private tree: under correlated noise devices sit out as the task asks, live and simulated", async () => {
  const [separation, participations] = [3, 2];
  const correlated = task({
    privacy: {
      ...{ epsilon: 1000, delta: 1e-6 },
      mechanism: { kind: "ftrl", separation, participations },
    },
    sampling: { kind: "uniform", count: 2, overSelect: 2 },
    stop: { rounds: 5 },
  });
  const { reports, published } = await live(correlated);
  assert.equal(published.at(-1)?.model.version, 5);
  // Version of the model that the clients of a round trained on.
  const trainedOn = new Map(published.map(({ round, model }) => [round, model.version - 1]));
  let satOut = 0;
  for (const own of reports) {
    const versions = own.flatMap((report) =>
      report.kind === "sent" ? trainedOn.get(report.round) ?? [] : []
    );
    satOut += own.filter((it) => it.kind === "missed" && it.reason === "nothing-to-send").length;
    assert.ok(versions.length <= participations, `${versions}`);
    versions.slice(1).forEach((version, at) =>
      assert.ok(version - (versions[at] ?? 0) >= separation, `${versions}`)
    );
  }
  assert.ok(satOut > 0);
  const run = await simulate(correlated, { clients, seed: 5 });
  assert.equal(run.info.version, 5);
  assert.ok(run.rounds.some(({ away }) => away > 0));
});

Deno.test("private tree: masked, with the clients' own noise, the log adds up to the budget and no further", async () => {
  const clock = manualClock();
  const { helpers, through } = await startCommittee(5, clock);
  const masked = task({
    mask: { kind: "kahe1", helpers, min: 2 },
    clients: { min: CLIENTS, max: CLIENTS },
    update: { slotBits: 25 },
    privacy: {
      epsilon: 20,
      delta: 1e-6,
      adaptiveClip: { quantile: 0.5, rate: 0.2, countNoise: 2 },
    },
  });
  const { published } = await live(masked, { shape: [2], clock, through });
  assert.equal(published.length, 3);
  const spent = published.map((event) => event.spent);
  assert.deepEqual(spent.map((it) => it?.sums), [1, 2, 3]);
  const [first = NaN, second = NaN, third = NaN] = spent.map((it) => it?.epsilon);
  assert.ok(0 < first && first < second && second < third && third <= 20, `${third}`);
  assert.ok(third > 19, `${third}`);
  assert.ok(published.every(({ clients }) => clients === CLIENTS));
});
