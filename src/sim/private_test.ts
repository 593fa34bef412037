import assert from "node:assert/strict";
import type { Trainer } from "../core/trainer.ts";
import { tensors } from "../models/mod.ts";
import { defineTask, type TaskDefinition } from "../task/mod.ts";
import { taskSpend } from "../update/private_plan.ts";
import { simulate } from "./mod.ts";

const VALUES = 120;

/** Moves half the way to its own target, near everybody's. */
function trainerOf(client: number, examples: number): Trainer {
  return (model) => {
    const { w } = model;
    assert.ok(w !== undefined);
    const data = w.data.map((x, i) =>
      x + 0.5 * (0.05 * Math.sin(i) + 0.01 * Math.sin(i * client) - x)
    );
    const loss = w.data.reduce((sum, x, i) => sum + (x - 0.05 * Math.sin(i)) ** 2, 0);
    return Promise.resolve({
      kind: "weights",
      ...{ weights: { w: { shape: w.shape, data } }, examples, metrics: { loss } },
    });
  };
}

const clientsOf = (count: number, examples = 1) =>
  Array.from({ length: count }, (_, client) => ({ trainer: trainerOf(client, examples) }));

const DEFINITION: TaskDefinition = {
  name: "risk",
  model: tensors({ tensors: { w: [VALUES] }, metrics: ["loss"] }),
  clients: { min: 30, max: 60 },
  privacy: { epsilon: 8, delta: 1e-5 },
  stop: { rounds: 4 },
};

Deno.test("private simulation: the same seed blurs to the same bits, in any tree", async () => {
  const task = defineTask(DEFINITION);
  const run = (tree: readonly number[], seed: number) =>
    simulate(task, { clients: clientsOf(40), tree, seed });
  const [one, same, other] = await Promise.all([run([], 1), run([3, 2], 1), run([], 2)]);
  assert.equal(one.info.digest, same.info.digest);
  assert.notEqual(one.info.digest, other.info.digest);
});

Deno.test("private simulation: each round tells what all have spent, within the budget", async () => {
  const task = defineTask(DEFINITION);
  const { rounds, reason } = await simulate(task, { clients: clientsOf(40) });
  const spend = taskSpend(task);
  assert.equal(reason, "rounds");
  assert.deepEqual(
    rounds.map(({ spent }) => spent),
    [1, 2, 3, 4].map((sums) => ({ sums, epsilon: spend?.after(sums) })),
  );
  assert.ok((rounds[3]?.spent?.epsilon ?? Infinity) <= 8);
});

Deno.test("private simulation: the noise of the model is what the plan says", async () => {
  const task = defineTask({ ...DEFINITION, stop: { rounds: 1 } });
  const count = 50;
  const [blurred, plain] = await Promise.all([
    simulate(task, { clients: clientsOf(count), seed: 3 }),
    simulate(defineTask(withoutPrivacy({ stop: { rounds: 1 } })), {
      ...{ clients: clientsOf(count), seed: 3 },
    }),
  ]);
  const { privacy } = task;
  assert.ok(privacy !== undefined && privacy.mechanism.kind === "skellam");
  const data = blurred.model["w"]?.data ?? new Float32Array();
  const square = data.reduce((sum, x, i) => sum + (x - (plain.model["w"]?.data[i] ?? 0)) ** 2, 0);
  // All shares together, over the number of clients.
  const expected = privacy.noise * privacy.clip * Math.sqrt(count / privacy.mechanism.shares) /
    count;
  const found = Math.sqrt(square / VALUES);
  assert.ok(Math.abs(found / expected - 1) < 5 / Math.sqrt(2 * VALUES), `${found}, ${expected}`);
});

Deno.test("private simulation: sums that were opened and gave no model are spent, and end the task", async () => {
  // Nobody weighs anything: what is divided by is noise, and below 0 every other time.
  const definition = { ...DEFINITION, update: { weightCap: 10 }, stop: { rounds: 6 } };
  const task = defineTask(definition);
  const { rounds, reason, info } = await simulate(task, { clients: clientsOf(40, 0), seed: 5 });
  const refused = rounds.filter(({ outcome }) => outcome === "sum-refused");
  assert.ok(refused.length > 0 && refused.length < 6, `${refused.length}`);
  assert.deepEqual(rounds.map(({ spent }) => spent?.sums), [1, 2, 3, 4, 5, 6]);
  assert.equal(reason, "privacy");
  assert.equal(info.version, 6 - refused.length);
  // Without a budget the same task goes on until it has its models.
  const free = await simulate(defineTask(withoutPrivacy(definition)), {
    ...{ clients: clientsOf(40), seed: 5 },
  });
  assert.deepEqual([free.reason, free.rounds[0]?.spent], ["rounds", undefined]);
});

Deno.test("private simulation: rounds with too few clients open nothing and cost nothing", async () => {
  const task = defineTask(DEFINITION);
  const { rounds, reason } = await simulate(task, {
    ...{ clients: clientsOf(40), faults: { dropout: 0.27 }, seed: 11 },
  });
  const abandoned = rounds.filter(({ outcome }) => outcome === "too-few-clients");
  assert.ok(abandoned.length > 0, "the faults are such that some rounds fail");
  assert.ok(abandoned.every(({ spent }) => spent === undefined));
  assert.equal(reason, "rounds");
});

function withoutPrivacy(change: Partial<TaskDefinition>): TaskDefinition {
  const { privacy: _, ...free } = { ...DEFINITION, ...change };
  return free;
}
