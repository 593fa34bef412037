import assert from "node:assert/strict";
import fc from "fast-check";
import type { Fetch } from "../src/core/fetch.ts";
import { deriveSeed, seededRng } from "../src/core/random.ts";
import { ials } from "../src/models/ials.ts";
import { defineTask } from "../src/task/define_task.ts";
import { verifyLog } from "../src/wire/verify_log.ts";
import { runFleet } from "./fleet.ts";
import { hastyClock } from "./hasty_clock.ts";
import { inventPeople } from "./people.ts";
import { startTree, type TreeOptions } from "./tree.ts";

const PEOPLE = 6;
const people = await inventPeople({ people: PEOPLE, items: 30 });
const task = defineTask({
  name: "films",
  model: ials({ items: 30, dim: 4, form: "newton" }),
  clients: { min: PEOPLE, max: PEOPLE },
  stop: { rounds: 3 },
});

/** A network that loses requests before they arrive, and answers on their way back. */
async function lossy(seed: number, share: number): Promise<(fetch: Fetch) => Fetch> {
  const rng = seededRng(await deriveSeed(new Uint8Array(32), "losses", seed));
  return (fetch) => async (request) => {
    if (rng.uniform() < share) throw new TypeError("connection refused");
    const answer = await fetch(request);
    if (rng.uniform() >= share) return answer;
    await answer.body?.cancel();
    throw new TypeError("connection reset");
  };
}

/** What the root says in the end. */
async function outcome(options: Partial<TreeOptions>) {
  await using tree = await startTree({ task, clock: hastyClock(), ...options });
  const reports = await runFleet(tree, { people });
  const { entries } = await tree.root.life.log(0, 100);
  const { publicKey } = tree.root.life.offer.region;
  const { rounds, abandoned, clients, model } = await verifyLog(entries, {
    task,
    signer: publicKey,
  });
  return { rounds, abandoned, clients, digest: model?.digest, reports };
}

Deno.test("faults: a network that loses requests and answers changes nothing but the time", async () => {
  const { reports: _, ...whole } = await outcome({ shape: [2] });
  assert.deepEqual([whole.rounds, whole.abandoned, whole.clients], [3, 0, 3 * PEOPLE]);
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.constantFrom([], [2], [1, 2]), async (seed, shape) => {
      const { reports, ...found } = await outcome({ shape, through: await lossy(seed, 0.15) });
      assert.deepEqual(found, whole);
      const sent = reports.flat().filter(({ kind }) => kind === "sent");
      assert.equal(sent.length, 3 * PEOPLE);
    }),
    { numRuns: 6 },
  );
});

Deno.test("faults: regions that stop and start between any two requests lose nothing", async () => {
  const { reports: _, ...whole } = await outcome({ shape: [2] });
  await using tree = await startTree({ task, shape: [2], store: "sqlite", clock: hastyClock() });
  const running = runFleet(tree, { people });
  let isOver = false;
  running.finally(() => isOver = true).catch(() => {});
  const rng = seededRng(await deriveSeed(new Uint8Array(32), "restarts"));
  // Joining is given up after some tries; members never give up.
  await tree.until(() => tree.root.life.status().size === PEOPLE);
  for (let restarts = 0; !isOver && restarts < 25; restarts++) {
    const node = tree.nodes[rng.below(tree.nodes.length)]!;
    await node.stop();
    await node.start();
  }
  await running;
  const { entries } = await tree.root.life.log(0, 100);
  const { publicKey } = tree.root.life.offer.region;
  const { rounds, abandoned, clients, model } = await verifyLog(entries, {
    task,
    signer: publicKey,
  });
  assert.deepEqual({ rounds, abandoned, clients, digest: model?.digest }, whole);
});
