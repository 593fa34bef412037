import assert from "node:assert/strict";
import { toBase64Url } from "../src/core/bytes.ts";
import { generateIdentity } from "../src/core/identity.ts";
import { decodeSafetensors } from "../src/core/safetensors.ts";
import { createUpdateChain } from "../src/update/chain.ts";
import { createAggregateCore } from "../src/wasm/aggregate.ts";
import type { LogEvent } from "../src/wire/log.ts";
import type { MaskPlan } from "../src/wire/mask_plan.ts";
import { type Task, taskId, updatePlan } from "../src/wire/task.ts";
import { verifyLog } from "../src/wire/verify_log.ts";
import { hastyClock } from "../tests/hasty_clock.ts";
import { module } from "./_testing.ts";
import { type MaskedRun, runMaskedClient, without } from "./_masked_testing.ts";
import {
  createRegionProcess,
  createRootProcess,
  patientPeer,
  type Process,
} from "./_tree_testing.ts";
import { type TestCommittee, testCommittee } from "./helper/_testing.ts";

const ROUNDS = 2;
const WORDS = 5;

/** Grid points of client `i`: 13 bits a value, so up to 8190. */
function wordsOf(i: number, round: number): number[] {
  return [i + round, 8190 - i, round * 1000 + i, i * i, 4095];
}

/** Regions below the root, by the place of their parent: 0 is the root. */
type Shape = readonly number[];
const SHAPES: Readonly<Record<string, Shape>> = {
  "a root alone": [],
  "three regions": [0, 0, 0],
  "regions under a region, beside the root's own clients": [0, 1, 1],
};

interface TreeOptions {
  readonly clients: number;
  readonly shape: Shape;
  readonly committee: TestCommittee;
  readonly task: Task;
  /** Addresses of helpers that are gone. */
  readonly lost?: readonly string[];
  /** Clients that have nothing to send in the second round. */
  readonly silent?: readonly number[];
}

/** Runs a tree to its end. */
async function runTree(options: TreeOptions) {
  const { clients, shape, committee, task, lost = [], silent = [] } = options;
  const clock = hastyClock();
  const root = await createRootProcess(clock, task, { fetch: without(committee.fetch, lost) });
  await root.start();
  const processes: Process[] = [root];
  for (const parent of shape) {
    const region = await createRegionProcess(clock, processes[parent]!);
    await region.start();
    processes.push(region);
  }
  const words = (i: number) => (round: number) =>
    round === 2 && silent.includes(i) ? undefined : wordsOf(i, round);
  const runs = await Promise.all(
    Array.from(
      { length: clients },
      (_, i) => runMaskedClient(clock, processes[i % processes.length]!, { task, words: words(i) }),
    ),
  );
  const id = await taskId(task);
  const peer = patientPeer(clock, root.fetch, await generateIdentity());
  const { entries } = await peer.log(id, { from: 0 });
  const signer = toBase64Url(root.identity.publicKey);
  const log = await verifyLog(entries, { task, signer });
  const { tensors } = decodeSafetensors(await peer.model(id, log.model!));
  const kept = await Promise.all(
    processes.map(({ store }) =>
      Promise.all(["evidence/", "roster/", "sum/", "upload/"].map((it) => store.sliceNames(id, it)))
    ),
  );
  for (const process of processes.toReversed()) await process.stop();
  const events = entries.map(({ body }) => body.event);
  return {
    ...{ runs, log, events, kept: kept.flat(2) },
    model: tensors.w!.data,
    expected: modelOf(task, runs),
    receipts: runs.reduce((sum, { rounds }) => sum + rounds.length, 0),
  };
}

/** What the last round's model must be: that of the sum of everyone who has a receipt of it. */
function modelOf(task: Task, runs: readonly MaskedRun[]): Float32Array {
  using core = createAggregateCore(module);
  const sum = new Uint32Array(WORDS);
  let clients = 0;
  for (const [i, { rounds }] of runs.entries()) {
    if (!rounds.includes(ROUNDS)) continue;
    clients++;
    for (const [word, value] of wordsOf(i, ROUNDS).entries()) sum[word]! += value;
  }
  const chain = createUpdateChain(core, updatePlan(task));
  return chain.decode(new Uint8Array(sum.buffer), clients).w!.data;
}

type Published = Extract<LogEvent, { kind: "published" }>;
const published = (events: readonly LogEvent[]) =>
  events.filter((event): event is Published => event.kind === "published");

/** A committee, and its task for so many clients. */
async function committeeFor(
  clients: { readonly min: number; readonly max: number },
  mask: Partial<Extract<MaskPlan, { kind: "kahe1" }>> = {},
) {
  const committee = await testCommittee({
    ...{ words: WORDS, mask },
    task: { clients, stop: { rounds: ROUNDS } },
    app: { clock: hastyClock() },
  });
  const plain: Task = { ...committee.task, mask: { kind: "none" } };
  return { committee, plain };
}

for (const [name, shape] of Object.entries(SHAPES)) {
  Deno.test(`masked tree: ${name} gives the model of the plain sums, bit for bit`, async () => {
    const { committee, plain } = await committeeFor({ min: 5, max: 100 });
    const options = { clients: 7, shape, committee, silent: [2, 4] };
    for (const task of [plain, committee.task]) {
      const { model, expected, log, receipts, events, kept, runs } = await runTree({
        ...options,
        task,
      });
      assert.deepEqual(model, expected);
      assert.equal(log.clients, receipts);
      assert.ok(options.silent.every((at) => !runs[at]!.rounds.includes(2)));
      const outcomes = published(events).map(({ groups }) => groups?.map((it) => it.outcome));
      const each = task === plain ? undefined : ["opened"];
      assert.deepEqual(outcomes, [each, each]);
      // Nothing of who sent what outlives its round.
      assert.deepEqual(kept, []);
    }
  });
}

Deno.test("masked tree: any one helper may be lost", async () => {
  for (const at of [0, 3, 4]) {
    const { committee } = await committeeFor({ min: 5, max: 100 });
    const { model, expected, log } = await runTree({
      ...{ clients: 6, shape: [0, 0], committee, task: committee.task },
      lost: [committee.helpers[at]!.url],
    });
    assert.deepEqual(model, expected);
    assert.equal(log.rounds, ROUNDS);
  }
});

Deno.test("masked tree: the root's members are summed in groups, and the model is that of all", async () => {
  for (const shape of [[], [0, 0, 0]]) {
    const { committee } = await committeeFor({ min: 9, max: 100 }, { min: 2, groups: 3 });
    const { model, expected, runs, events, kept } = await runTree({
      ...{ clients: 9, shape, committee, task: committee.task },
    });
    assert.deepEqual(model, expected);
    assert.deepEqual(kept, []);
    for (const event of published(events)) {
      assert.equal(event.clients, 9);
      const groups = event.groups!;
      assert.ok(groups.length > 1, JSON.stringify(groups));
      for (const { group, clients, outcome } of groups) {
        assert.equal(outcome, "opened");
        assert.equal(clients, runs.filter((run) => run.groups[event.round - 1] === group).length);
      }
    }
  }
});
