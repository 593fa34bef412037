import assert from "node:assert/strict";
import { generateIdentity } from "../../src/core/identity.ts";
import { decodeSafetensors } from "../../src/core/safetensors.ts";
import { createUpdateChain } from "../../src/update/chain.ts";
import { createAggregateCore } from "../../src/wasm/aggregate.ts";
import { taskId, updatePlan } from "../../src/wire/task.ts";
import { hastyClock } from "../../tests/hasty_clock.ts";
import { type Moment, startMortalTree, type Victim } from "../_fragile_testing.ts";
import { phasedTask, runPhasedClient } from "../_phased_testing.ts";
import { module } from "../_testing.ts";
import { patientPeer } from "../_tree_testing.ts";
import { modelName } from "../task/models.ts";

const CLIENTS = 5;
const WORDS = 3;

/** Grid points of a client. */
const wordsOf = (i: number) => [i, 4090 - i, i * i + 7];

/** Runs a round over a root and two regions, one process of which dies once and starts again. */
async function runWithCrash(victim: Victim, at: number, moment: Moment) {
  const clock = hastyClock();
  const task = phasedTask(WORDS, { clients: { min: CLIENTS, max: 100 } });
  const tree = await startMortalTree(clock, task, { victim, at, moment });
  const { root, regions } = tree;
  const outcomes = new Set<string>();
  const runs = await Promise.all(Array.from({ length: CLIENTS }, (_, i) =>
    runPhasedClient(clock, {
      task,
      words: () => wordsOf(i),
      async fetch(request) {
        const answer = await regions[i % 2]!.fetch(request);
        if (answer.status === 200 && /\/phases\/outcome\//.test(request.url)) {
          outcomes.add(new Uint8Array(await answer.clone().arrayBuffer()).join());
        }
        return answer;
      },
    })));
  await tree.restarted();
  const id = await taskId(task);
  const peer = patientPeer(clock, root.fetch, await generateIdentity());
  const { entries } = await peer.log(id, { from: 0 });
  const published = entries.flatMap(({ body: { event } }) =>
    event.kind === "published" ? [event] : []
  );
  const model = await root.store.slice(id, modelName(1), 0);
  const names = await root.store.sliceNames(id, "phase/");
  await tree.stop();
  return { runs, outcomes, published, model, names, changes: tree.changes(), died: tree.hasDied() };
}

/** The model of all clients' sum. */
function expectedModel(): number[] {
  using core = createAggregateCore(module);
  const sum = new Uint32Array(WORDS + 1);
  for (let i = 0; i < CLIENTS; i++) wordsOf(i).forEach((word, at) => sum[at]! += word);
  const chain = createUpdateChain(core, updatePlan(phasedTask(WORDS)));
  const { w } = chain.decode(new Uint8Array(sum.buffer).slice(0, 4 * WORDS), CLIENTS);
  return [...w!.data];
}

for (const victim of ["root", "region"] as const) {
  Deno.test(`relay crash: a ${victim} that dies at any change of its store in any phase goes on to the same sum, opened once`, async () => {
    const calm = await runWithCrash(victim, Infinity, "before");
    const check = (run: typeof calm, what: string) => {
      assert.equal(run.published.length, 1, what);
      assert.equal(run.published[0]!.clients, CLIENTS, what);
      const { w } = decodeSafetensors(run.model!).tensors;
      assert.deepEqual([...w!.data], expectedModel(), what);
      // Nobody was ever told of two outcomes of one round.
      assert.equal(run.outcomes.size, new Set(run.published.map(({ round }) => round)).size, what);
    };
    check(calm, "calm");
    assert.deepEqual(calm.names, []);
    assert.ok(calm.changes > 5, `only ${calm.changes} changes`);
    for (let at = 1; at <= calm.changes; at++) {
      for (const moment of ["before", "after"] as const) {
        const run = await runWithCrash(victim, at, moment);
        check(run, `died ${moment} change ${at}`);
        for (const rounds of run.runs) {
          assert.deepEqual(rounds.map(({ round }) => round), [1], `${at} ${moment}`);
          // The root may have opened the sum before the last word came.
          for (const { outcome } of rounds) assert.match(outcome, /^(opened|round-closed)$/);
        }
      }
    }
  });
}
