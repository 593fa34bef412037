import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateIdentity } from "../src/core/identity.ts";
import { taskId } from "../src/wire/task.ts";
import { hastyClock } from "../tests/hasty_clock.ts";
import { contentsOf, publishedSums, sumDigest, testTask } from "./_testing.ts";
import {
  createRegionProcess,
  createRootProcess,
  patientPeer,
  type Process,
  runClient,
} from "./_tree_testing.ts";
import { type Moment, startMortalTree, type Victim } from "./_fragile_testing.ts";
import { sqliteStore } from "./sqlite/store.ts";
import type { RoundStore } from "./store.ts";

const ROUNDS = 2;
const CLIENTS = 4;

function wordsOf(i: number, round: number): number[] {
  return [i + 1, round, 2 ** 24 + i, i * round];
}

async function expectedSums(): Promise<string[]> {
  return await Promise.all(Array.from({ length: ROUNDS }, (_, at) => {
    const sum = new Uint32Array(4);
    for (let i = 0; i < CLIENTS; i++) {
      for (const [word, value] of wordsOf(i, at + 1).entries()) sum[word]! += value;
    }
    return sumDigest(sum);
  }));
}

/** Runs a task over a root and two regions, one process of which dies once and starts again. */
async function runWithCrash(victim: Victim, at: number, moment: Moment, store?: RoundStore) {
  const clock = hastyClock();
  const task = testTask(4, { clients: { min: CLIENTS, max: 100 }, stop: { rounds: ROUNDS } });
  const tree = await startMortalTree(clock, task, { victim, at, moment, store });
  const { root, regions } = tree;
  const runs = await Promise.all(
    Array.from(
      { length: CLIENTS },
      (_, i) => runClient(clock, regions[i % 2]!, task, (round) => wordsOf(i, round)),
    ),
  );
  await tree.restarted();
  const id = await taskId(task);
  const peer = patientPeer(clock, root.fetch, await generateIdentity());
  const sums = await publishedSums(peer, id);
  const { round } = (await root.store.read(id))?.record as unknown as { round: { phase: unknown } };
  await tree.stop();
  return { sums, runs, changes: tree.changes(), died: tree.hasDied(), phase: round.phase };
}

for (const victim of ["root", "region"] as const) {
  Deno.test(`crash: a ${victim} that dies at any change of its store goes on to the same sums`, async () => {
    const expected = await expectedSums();
    const calm = await runWithCrash(victim, Infinity, "before");
    assert.deepEqual(calm.sums, expected);
    assert.ok(calm.changes > 8, `only ${calm.changes} changes`);
    for (let at = 1; at <= calm.changes; at++) {
      for (const moment of ["before", "after"] as const) {
        const run = await runWithCrash(victim, at, moment);
        assert.deepEqual(run.sums, expected, `died ${moment} change ${at}`);
        assert.deepEqual(run.phase, { kind: "finished", reason: "rounds" });
        for (const { rounds } of run.runs) assert.deepEqual(rounds, [1, 2]);
      }
    }
  });
}

Deno.test("crash: a region on SQLite goes on from its file", async () => {
  const folder = mkdtempSync(join(tmpdir(), "crash-"));
  try {
    for (const [at, moment] of [[5, "before"], [6, "after"]] as const) {
      await using store = sqliteStore(join(folder, `${at}.db`));
      const run = await runWithCrash("region", at, moment, store);
      assert.equal(run.died, true);
      assert.deepEqual(run.sums, await expectedSums());
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

Deno.test("crash: a region killed in mid-round goes on with that very round", async () => {
  const clock = hastyClock();
  const task = testTask(4, { clients: { min: 2, max: 100 }, stop: { rounds: 1 } });
  const root = await createRootProcess(clock, task);
  await root.start();
  const region = await createRegionProcess(clock, root);
  await region.start();
  const id = await taskId(task);
  const gate = Promise.withResolvers<void>();
  const early = runClient(clock, region, task, () => [1, 2, 3, 4]);
  const late = (async () => {
    const slow: Process = {
      ...region,
      fetch: async (request) => {
        if (request.url.includes("/updates/")) await gate.promise;
        return await region.fetch(request);
      },
    };
    return await runClient(clock, slow, task, () => [10, 20, 30, 40]);
  })();
  const life = () => region.app.aggregator.tasks.get(id);
  while (life()?.status().updates !== 1) await clock.sleep(1);
  const before = await contentsOf(region.store, id) as { updates: unknown };
  region.kill();
  await region.start();
  const { phase, round, updates } = life()!.status();
  assert.deepEqual({ phase, round, updates }, { phase: "open", round: 1, updates: 1 });
  assert.deepEqual((await contentsOf(region.store, id) as typeof before).updates, before.updates);
  gate.resolve();
  await Promise.all([early, late]);
  const peer = patientPeer(clock, root.fetch, await generateIdentity());
  assert.deepEqual(await publishedSums(peer, id), [await sumDigest([11, 22, 33, 44])]);
  await region.stop();
  await root.stop();
});
