import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateIdentity } from "../src/core/identity.ts";
import { decodeSafetensors } from "../src/core/safetensors.ts";
import { createUpdateChain } from "../src/update/chain.ts";
import { createAggregateCore } from "../src/wasm/aggregate.ts";
import { taskId, updatePlan } from "../src/wire/task.ts";
import { hastyClock } from "../tests/hasty_clock.ts";
import { type Moment, startMortalTree, type Victim } from "./_fragile_testing.ts";
import { runMaskedClient } from "./_masked_testing.ts";
import { module } from "./_testing.ts";
import { patientPeer } from "./_tree_testing.ts";
import { testCommittee } from "./helper/_testing.ts";
import { sqliteStore } from "./sqlite/store.ts";
import type { RoundStore } from "./store.ts";

const ROUNDS = 2;
const CLIENTS = 4;

const wordsOf = (i: number, round: number) => [i + 1, round, 8000 + i, i * round];

/** Runs a masked task over a root and two regions, one process of which dies once and starts again. */
async function runWithCrash(victim: Victim, at: number, moment: Moment, store?: RoundStore) {
  const clock = hastyClock();
  const committee = await testCommittee({
    task: { clients: { min: CLIENTS, max: 100 }, stop: { rounds: ROUNDS } },
    app: { clock },
  });
  const { task } = committee;
  const { fetch } = committee;
  const tree = await startMortalTree(clock, task, { victim, at, moment, store, fetch });
  const { root, regions } = tree;
  const runs = await Promise.all(
    Array.from(
      { length: CLIENTS },
      (_, i) =>
        runMaskedClient(clock, regions[i % 2]!, { task, words: (round) => wordsOf(i, round) }),
    ),
  );
  await tree.restarted();
  const id = await taskId(task);
  const peer = patientPeer(clock, root.fetch, await generateIdentity());
  const { model } = await peer.status(id);
  const { tensors } = decodeSafetensors(await peer.model(id, model!));
  const { entries } = await peer.log(id, { from: 0 });
  await tree.stop();
  const left = await Promise.all(
    [root, ...regions].map(({ store }) =>
      Promise.all(["evidence/", "roster/", "upload/"].map((it) => store.sliceNames(id, it)))
    ),
  );
  return {
    ...{ runs, changes: tree.changes(), died: tree.hasDied(), left: left.flat(2) },
    kinds: entries.map(({ body }) => body.event.kind),
    model: tensors.w!.data,
    expected: expectedModel(task),
  };
}

function expectedModel(task: Parameters<typeof updatePlan>[0]): Float32Array {
  using core = createAggregateCore(module);
  const sum = new Uint32Array(4);
  for (let i = 0; i < CLIENTS; i++) {
    for (const [word, value] of wordsOf(i, ROUNDS).entries()) sum[word]! += value;
  }
  const chain = createUpdateChain(core, updatePlan(task));
  return chain.decode(new Uint8Array(sum.buffer), CLIENTS).w!.data;
}

function check(run: Awaited<ReturnType<typeof runWithCrash>>, what: string): void {
  assert.deepEqual(run.model, run.expected, what);
  // No round is lost by a crash, and none is opened twice.
  assert.deepEqual(run.kinds, ["created", "published", "published", "finished"], what);
  for (const { rounds } of run.runs) assert.deepEqual(rounds, [1, 2], what);
  assert.deepEqual(run.left, [], what);
}

for (const victim of ["root", "region"] as const) {
  Deno.test(`masked crash: a ${victim} that dies at any change of its store goes on to the same model`, async () => {
    const calm = await runWithCrash(victim, Infinity, "before");
    check(calm, "calm");
    assert.ok(calm.changes > 8, `only ${calm.changes} changes`);
    for (let at = 1; at <= calm.changes; at++) {
      for (const moment of ["before", "after"] as const) {
        check(await runWithCrash(victim, at, moment), `died ${moment} change ${at}`);
      }
    }
  });
}

Deno.test("masked crash: a region on SQLite goes on from its file", async () => {
  const folder = mkdtempSync(join(tmpdir(), "masked-crash-"));
  try {
    for (const [at, moment] of [[5, "before"], [6, "after"]] as const) {
      await using store = sqliteStore(join(folder, `${at}.db`));
      const run = await runWithCrash("region", at, moment, store);
      assert.equal(run.died, true);
      check(run, `died ${moment} change ${at}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
