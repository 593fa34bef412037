import assert from "node:assert/strict";
import { TributaryError } from "../src/core/errors.ts";
import { generateIdentity } from "../src/core/identity.ts";
import { type RandomSource, systemRandom } from "../src/core/random.ts";
import { taskId } from "../src/wire/task.ts";
import { verifyLog } from "../src/wire/verify_log.ts";
import { toBase64Url } from "../src/core/bytes.ts";
import { hastyClock } from "../tests/hasty_clock.ts";
import { publishedSums, sumDigest, testTask } from "./_testing.ts";
import {
  createRegionProcess,
  createRootProcess,
  patientPeer,
  type Process,
  runClient,
} from "./_tree_testing.ts";

const ROUNDS = 3;

/** Words of client `i` in a round. */
function wordsOf(i: number, round: number): number[] {
  return [i + round, 2 ** 21 + i * 7, round * 1000 + i, i * i, 2 ** 22 - 2];
}

function expectedSums(clients: number): Promise<string[]> {
  return Promise.all(Array.from({ length: ROUNDS }, (_, at) => {
    const sum = new Uint32Array(5);
    for (let i = 0; i < clients; i++) {
      for (const [word, value] of wordsOf(i, at + 1).entries()) sum[word]! += value;
    }
    return sumDigest(sum);
  }));
}

/** Runs a tree to its end; the root's published sums. */
async function runTree(shape: (root: Process) => Promise<Process[]>, clients: number) {
  const clock = hastyClock();
  const task = testTask(5, { clients: { min: clients, max: 1000 }, stop: { rounds: ROUNDS } });
  const root = await createRootProcess(clock, task);
  await root.start();
  const all = await shape(root);
  const leaves = all.filter((process) => process !== root);
  const hosts = leaves.length === 0 ? [root] : leaves;
  const runs = await Promise.all(
    Array.from(
      { length: clients },
      (_, i) => runClient(clock, hosts[i % hosts.length]!, task, (round) => wordsOf(i, round)),
    ),
  );
  const id = await taskId(task);
  const peer = patientPeer(clock, root.fetch, await generateIdentity());
  const sums = await publishedSums(peer, id);
  const logs = await Promise.all([root, ...leaves].map(async (process) => {
    const peer = patientPeer(clock, process.fetch, await generateIdentity());
    const { entries } = await peer.log(id, { from: 0 });
    return verifyLog(entries, { task, signer: toBase64Url(process.identity.publicKey) });
  }));
  for (const process of [...all, root]) await process.stop();
  return { runs, sums, logs };
}

const shapes: Record<string, (root: Process) => Promise<Process[]>> = {
  "a root alone": () => Promise.resolve([]),
  "three regions": async (root) => {
    const regions = [];
    for (let i = 0; i < 3; i++) {
      const region = await createRegionProcess(hastyClock(), root);
      await region.start();
      regions.push(region);
    }
    return regions;
  },
  "a region that holds no more than a slice": async (root) => {
    const region = await createRegionProcess(hastyClock(), root, { limits: { heldBytes: 1 } });
    await region.start();
    return [region];
  },
  "regions under a region": async (root) => {
    const upper = await createRegionProcess(hastyClock(), root);
    await upper.start();
    const regions = [upper];
    for (let i = 0; i < 2; i++) {
      const region = await createRegionProcess(hastyClock(), upper);
      await region.start();
      regions.push(region);
    }
    return regions;
  },
};

for (const [name, shape] of Object.entries(shapes)) {
  Deno.test(`tree: ${name} publishes the exact sums, and everyone hears the end`, async () => {
    const { runs, sums, logs } = await runTree(shape, 7);
    assert.deepEqual(sums, await expectedSums(7));
    for (const run of runs) assert.deepEqual(run, { rounds: [1, 2, 3], version: ROUNDS });
    for (const log of logs) {
      assert.equal(log.rounds, ROUNDS);
      assert.equal(log.finished, "rounds");
    }
    assert.equal(logs[0]?.clients, 7 * ROUNDS);
  });
}

Deno.test("tree: a region whose parent asks it to wait, time and again, is there when it is ready", async () => {
  const clock = hastyClock();
  const task = testTask(4, { clients: { min: 1, max: 9 }, stop: { rounds: 1 } });
  const root = await createRootProcess(clock, task);
  await root.start();
  let refusals = 20;
  const starting: Process = {
    ...root,
    fetch: async (request) => {
      if (refusals-- <= 0) return await root.fetch(request);
      throw new TributaryError("busy", "Cannot answer yet: it is starting", { retryAfterS: 1 });
    },
  };
  // The longest of all waits: the backoff at its end, and what was asked for on top.
  const random: RandomSource = (length) =>
    length === 4 ? new Uint8Array(4).fill(255) : systemRandom(length);
  const region = await createRegionProcess(clock, starting, { random });
  await region.start();
  const run = await runClient(clock, region, task, () => [1, 2, 3, 4]);
  assert.deepEqual(run, { rounds: [1], version: 1 });
  await region.stop();
  await root.stop();
});
