import assert from "node:assert/strict";
import { ials } from "../src/models/ials.ts";
import { checkTask } from "../src/task/check_task.ts";
import { defineTask } from "../src/task/define_task.ts";
import { gridLimit } from "../src/update/plan.ts";
import type { LogEvent } from "../src/wire/log.ts";
import { membersRoot } from "../src/wire/merkle.ts";
import { verifyLog } from "../src/wire/verify_log.ts";
import { runFleet } from "./fleet.ts";
import { inventPeople } from "./people.ts";
import { type Node, startTree } from "./tree.ts";

const PEOPLE = 9;
const people = await inventPeople({ people: PEOPLE, items: 30 });
const task = defineTask({
  name: "films",
  model: ials({ items: 30, dim: 4, form: "newton" }),
  clients: { min: PEOPLE, max: 20 },
  stop: { rounds: 3 },
});
const gridStep = 1 / gridLimit(checkTask(task).plan);

/** A run of two levels: 1 root, 2 regions, 4 regions below them, 9 clients. */
async function ranTree() {
  await using tree = await startTree({ task, shape: [2, 2] });
  const reports = await runFleet(tree, { people });
  const sent = reports.map((own) =>
    own.map((report) => {
      assert.equal(report.kind, "sent");
      return report;
    })
  );
  const nodes = await Promise.all(tree.nodes.map(async ({ life }) => {
    const { entries } = await life.log(0, 100);
    const { region } = life.offer;
    const summary = await verifyLog(entries, { task, signer: region.publicKey });
    return { region, summary, events: entries.map(({ body }) => body.event) };
  }));
  return { sent, nodes, owner: tree.root.life.offer.owner, statuses: tree.nodes.map(statusOf) };
}

function statusOf({ life }: Node) {
  const { role, phase, round, members, size, model } = life.status();
  return { role, phase, round, members, size, version: model?.version };
}

const ran = await ranTree();

/** What a node's log says of a round. */
function ended(node: number, round: number): Extract<LogEvent, { sum: string }> | undefined {
  const events = ran.nodes[node]?.events ?? [];
  return events.filter((event) => "sum" in event).find((event) => event.round === round);
}

Deno.test("log: everyone's verifies under their own key, the root's under the task's owner's", () => {
  assert.equal(ran.nodes[0]?.region.publicKey, ran.owner);
  assert.deepEqual(
    ran.nodes.map((
      { summary: { role, rounds, abandoned, clients, finished } },
    ) => [role, rounds, abandoned, clients, finished]),
    [
      ["root", 3, 0, 3 * 9, "rounds"],
      // Clients 0, 4, 8 and 1, 5 below the first; 2, 6 and 3, 7 below the second.
      ["region", 3, 0, 3 * 5, "rounds"],
      ["region", 3, 0, 3 * 4, "rounds"],
      ["region", 3, 0, 3 * 3, "rounds"],
      ["region", 3, 0, 3 * 2, "rounds"],
      ["region", 3, 0, 3 * 2, "rounds"],
      ["region", 3, 0, 3 * 2, "rounds"],
    ],
  );
});

Deno.test("log: a region's Merkle root is that of the receipts that it gave", async () => {
  for (const leaf of [0, 1, 2, 3]) {
    for (const round of [1, 2, 3]) {
      const receipts = ran.sent.filter((_, client) => client % 4 === leaf)
        .map((own) => own[round - 1]!.receipt);
      const event = ended(3 + leaf, round);
      assert.equal(event?.members, await membersRoot(receipts));
      assert.deepEqual([event.updates, event.clients], [receipts.length, receipts.length]);
      assert.ok(receipts.every(({ sid }) => sid === event.sid));
    }
  }
});

Deno.test("log: each sum of the tree is in its parent's Merkle root", async () => {
  const children = [[0, [1, 2]], [1, [3, 4]], [2, [5, 6]]] as const;
  for (const [parent, below] of children) {
    for (const round of [1, 2, 3]) {
      const updates = below.map((child) => ({
        member: ran.nodes[child]!.region.id,
        digest: ended(child, round)!.sum,
      }));
      const event = ended(parent, round);
      assert.equal(event?.members, await membersRoot(updates));
      const clients = below.reduce((sum, child) => sum + ended(child, round)!.clients, 0);
      assert.deepEqual([event.updates, event.clients], [2, clients]);
    }
  }
});

Deno.test("log: published metrics are the means of what the clients measured", () => {
  for (const round of [1, 2, 3]) {
    const event = ended(0, round);
    assert.equal(event?.kind, "published");
    const measured = ran.sent.map((own) => own[round - 1]!.metrics);
    assert.deepEqual(Object.keys(event.metrics).sort(), ["hr@10", "loss", "ndcg@10"]);
    for (const [name, mean] of Object.entries(event.metrics)) {
      const sum = measured.reduce((sum, own) => sum + own[name]!, 0);
      // Hits are 0 or 1, which the grid holds exactly.
      const tolerance = name === "hr@10" ? 1e-6 : gridStep;
      assert.ok(Math.abs(mean - sum / PEOPLE) <= tolerance, `${name}: ${mean}, ${sum / PEOPLE}`);
    }
  }
});

Deno.test("log: in the end everyone's figures agree", () => {
  const end = { phase: "finished", round: 3, version: 3 };
  assert.deepEqual(ran.statuses, [
    { role: "root", members: 2, size: 9, ...end },
    { role: "region", members: 2, size: 5, ...end },
    { role: "region", members: 2, size: 4, ...end },
    { role: "region", members: 3, size: 3, ...end },
    { role: "region", members: 2, size: 2, ...end },
    { role: "region", members: 2, size: 2, ...end },
    { role: "region", members: 2, size: 2, ...end },
  ]);
});
