import assert from "node:assert/strict";
import { smallTask } from "../src/client/_testing.ts";
import type { Participant } from "../src/client/participant.ts";
import type { RoundReport } from "../src/client/round_report.ts";
import type { Trainer } from "../src/core/trainer.ts";
import type { TaskDefinition } from "../src/task/define_task.ts";
import { joinTree } from "./fleet.ts";
import { startTree, type Tree, type TreeOptions } from "./tree.ts";

/** Goes a way of its own. */
const trainerOf = (number: number): Trainer => ({ w }) =>
  Promise.resolve({
    weights: { w: { shape: [3], data: w!.data.map((x, at) => x + (number + at) / 100) } },
    examples: 1 + number,
    metrics: { loss: number / 16 },
  });

const secagg = { kind: "secagg_plus", min: 3 } as const;

function task(change: Partial<TaskDefinition> = {}) {
  return smallTask({
    clients: { min: 5, max: 100 },
    mask: secagg,
    stop: { rounds: 2 },
    roundMs: 80_000,
    ...change,
  });
}

/** Clients at a tree's leaves in turn. */
async function joined(tree: Tree, count: number): Promise<Participant[]> {
  return await Promise.all(Array.from({ length: count }, (_, number) => {
    const at = tree.leaves[number % tree.leaves.length]!;
    return joinTree(tree, { number, at, training: { trainer: trainerOf(number) } });
  }));
}

/** All rounds of all clients. */
async function all(clients: readonly Participant[]): Promise<RoundReport[][]> {
  return await Promise.all(clients.map((client) => Array.fromAsync(client.rounds())));
}

/** Digests of the models that were published. */
async function models(tree: Tree): Promise<string[]> {
  const { entries } = await tree.root.life.log(0, 100);
  return entries.flatMap(({ body: { event } }) =>
    event.kind === "published" ? [event.model.digest] : []
  );
}

async function run(options: TreeOptions, count: number) {
  await using tree = await startTree(options);
  const clients = await joined(tree, count);
  const reports = await all(clients);
  for (const client of clients) await client[Symbol.asyncDispose]();
  return { reports, models: await models(tree) };
}

Deno.test("secagg_plus tree: whatever the tree, clients' messages open the same sum as without masks", async () => {
  const plain = await run({ task: task({ mask: { kind: "none" } }), shape: [3] }, 12);
  assert.equal(plain.models.length, 2);
  for (const shape of [[], [3], [2, 2]]) {
    const masked = await run({ task: task(), shape }, 12);
    for (const reports of masked.reports) {
      assert.deepEqual(
        reports.map((it) => [it.kind, it.kind === "sent" ? it.withheld : it.reason]),
        [["sent", undefined], ["sent", undefined]],
      );
    }
    assert.deepEqual(masked.models, plain.models, `${shape}`);
  }
});
