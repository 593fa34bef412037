import assert from "node:assert/strict";
import { TributaryError } from "../../src/core/errors.ts";
import { generateIdentity } from "../../src/core/identity.ts";
import { decodeSafetensors } from "../../src/core/safetensors.ts";
import type { Strategy } from "../../src/strategy/strategy.ts";
import { toBase64Url } from "../../src/core/bytes.ts";
import { signTask, type Task } from "../../src/wire/task.ts";
import { verifyLog } from "../../src/wire/verify_log.ts";
import {
  openRound,
  parcelOf,
  sendUpdate,
  sumStrategy,
  testMember,
  type TestRoot,
  testRoot,
  testTask,
} from "../_testing.ts";
import { testCommittee } from "../helper/_testing.ts";

/** The grid's limit of a task with 32-bit slots and 1000 clients at most: 22 bits a value. */
const L = 2 ** 21 - 1;

/** A parcel of values on the grid, in [-1, 1]. */
function valuesOf(...values: number[]): Uint8Array<ArrayBuffer> {
  return parcelOf(values.map((value) => Math.round(value * L) + L));
}

async function logOf(root: TestRoot) {
  const rows = await root.store.log(root.id, 0, 100);
  const entries = rows.map((row) => row.entry);
  await verifyLog(entries, { task: root.task, signer: toBase64Url(root.identity.publicKey) });
  return entries.map((entry) => (entry as unknown as { body: { event: Event } }).body.event);
}
type Event = { kind: string; reason?: string; metrics?: Record<string, number>; round?: number };

Deno.test("root: the strategy gets the decoded sums, and its model and state are the next ones", async () => {
  const seen: unknown[] = [];
  const counting: Strategy = {
    ...sumStrategy,
    init: () => ({ steps: { shape: [1], data: Float32Array.of(0) } }),
    step: ({ model, state, sums, clients, round }) => {
      const steps = state.steps?.data[0] ?? NaN;
      seen.push({
        before: [...model.w?.data ?? []],
        sum: [...sums.w?.data ?? []],
        clients,
        round,
        steps,
      });
      return { model: sums, state: { steps: { shape: [1], data: Float32Array.of(steps + 1) } } };
    },
  };
  await using root = await testRoot({
    words: 2,
    strategy: () => counting,
    task: { clients: { min: 2, max: 1000 }, stop: { rounds: 2 } },
  });
  const [a, b] = [await testMember(root), await testMember(root)];
  for (const after of [0, 1]) {
    const round = await openRound(a.peer, root.task, after);
    await sendUpdate(a, round, valuesOf(1, 0));
    await sendUpdate(b, round, valuesOf(1, -1));
  }
  const end = await root.fetch(
    new Request(`http://r.test/v1/tasks/${root.id}/round?after=2&wait=60`),
  );
  const { kind, reason, model } = await end.json();
  assert.deepEqual({ kind, reason, version: model.version }, {
    kind: "finished",
    reason: "rounds",
    version: 2,
  });
  assert.deepEqual(seen, [
    { before: [0, 0], sum: [2, -1], clients: 2, round: 1, steps: 0 },
    { before: [2, -1], sum: [2, -1], clients: 2, round: 2, steps: 1 },
  ]);
  const bytes = await (await root.fetch(
    new Request(`http://r.test/v1/tasks/${root.id}/models/2`),
  )).arrayBuffer();
  const { tensors } = decodeSafetensors(new Uint8Array(bytes));
  assert.deepEqual([...tensors.w?.data ?? []], [2, -1]);
});

/** A task whose updates also carry a metric. */
function measured(stop: Task["stop"]): Partial<Task> {
  return {
    clients: { min: 2, max: 1000 },
    metrics: ["hr"],
    stop,
    update: {
      ...testTask(1).update,
      tensors: [
        { name: "w", shape: [1], range: 1 },
        { name: "metrics/evaluated", shape: [1], range: 1 },
        { name: "metrics/hr", shape: [1], range: 1 },
      ],
    },
  };
}

Deno.test("root: a metric's mean is over those that evaluated, and ends the task at its target", async () => {
  await using root = await testRoot({
    words: 1,
    task: measured({ rounds: 9, target: { metric: "hr", value: 0.7 } }),
  });
  const [a, b] = [await testMember(root), await testMember(root)];
  const rounds = [[0.5, 0.7], [0.9, undefined]] as const;
  for (const [at, hrs] of rounds.entries()) {
    const round = await openRound(a.peer, root.task, at);
    for (const [i, member] of [a, b].entries()) {
      const hr = hrs[i];
      await sendUpdate(member, round, valuesOf(0, hr === undefined ? 0 : 1, hr ?? 0));
    }
  }
  const plan = { after: 2, waitS: 60, plan: "0".repeat(64) };
  assert.equal((await a.peer.round(root.id, plan))?.kind, "finished");
  const events = await logOf(root);
  const means = events.filter((event) => event.kind === "published").map((event) =>
    event.metrics?.hr
  );
  assert.equal(means[0]?.toFixed(4), "0.6000");
  assert.equal(means[1]?.toFixed(4), "0.9000");
  assert.equal(events.at(-1)?.reason, "target");
});

Deno.test("root: a sum that the strategy refuses abandons the round, and the next one opens", async () => {
  let calls = 0;
  const moody: Strategy = {
    ...sumStrategy,
    step(input) {
      if (++calls === 1) throw new TributaryError("model-invalid", "Cannot step: not today");
      if (calls === 2) throw new RangeError("a bug");
      return sumStrategy.step(input);
    },
  };
  await using root = await testRoot({ words: 2, strategy: () => moody });
  const a = await testMember(root);
  for (const after of [0, 1, 2]) {
    await sendUpdate(a, await openRound(a.peer, root.task, after), valuesOf(1, 0));
  }
  assert.equal((await openRound(a.peer, root.task, 3)).model.version, 1);
  const events = await logOf(root);
  assert.deepEqual(events.map(({ kind, reason, round }) => ({ kind, reason, round })), [
    { kind: "created", reason: undefined, round: undefined },
    { kind: "abandoned", reason: "sum-refused", round: 1 },
    { kind: "abandoned", reason: "sum-refused", round: 2 },
    { kind: "published", reason: undefined, round: 3 },
  ]);
});

Deno.test("root: a sum whose stored bytes changed is not opened", async () => {
  await using root = await testRoot({ words: 2, task: { clients: { min: 2, max: 9 } } });
  const [a, b] = [await testMember(root), await testMember(root)];
  const round = await openRound(a.peer, root.task);
  const store = root.store as { write: typeof root.store.write };
  const { write } = root.store;
  store.write = async (task, expected, change) => {
    const done = await write(task, expected, change);
    // Between the digest of the sealed sum and its opening.
    if (JSON.stringify(change.record).includes('"unmasking"')) {
      const [name = ""] = await root.store.sliceNames(root.id, "sum/");
      await root.store.put(root.id, [{ name, index: 0, bytes: new Uint8Array(8) }]);
    }
    return done;
  };
  await sendUpdate(a, round, valuesOf(1, 0));
  await sendUpdate(b, round, valuesOf(1, 0));
  assert.equal((await openRound(a.peer, root.task, 1)).model.version, 0);
  assert.equal((await logOf(root)).at(-1)?.reason, "sum-refused");
});

Deno.test("root: a task that is another's, or that does not fit its strategy, is refused", async () => {
  await using root = await testRoot({ words: 2 });
  const model = { w: { shape: [2], data: new Float32Array(2) } };
  const own = async (task: Task, owner = root.identity) =>
    await root.app.aggregator.own({ signed: await signTask(task, owner), model });
  await assert.rejects(own(testTask(2), await generateIdentity()), { code: "task-refused" });
  await assert.rejects(own(testTask(3)), { code: "task-refused", message: /expected \[2\]/ });
  const { update } = testTask(2);
  const other = { ...update, tensors: [{ name: "v", shape: [2], range: 1 }] };
  await assert.rejects(own(testTask(2, { update: other })), { code: "task-refused" });
  // Slots that no ring has: no client would take part.
  const { task: { mask } } = await testCommittee();
  const clients = { min: 2, max: 10 };
  await assert.rejects(own(testTask(2, { mask, clients, update: { ...update, slotBits: 21 } })), {
    code: "task-refused",
    message: /Cannot mask in 21-bit slots/,
  });
  assert.deepEqual(await root.store.tasks(), [root.id]);
});

Deno.test("root: two tasks live side by side in one app", async () => {
  await using root = await testRoot({ words: 2 });
  const second = testTask(2, { name: "second" });
  const model = { w: { shape: [2], data: new Float32Array(2) } };
  await root.app.aggregator.own({ signed: await signTask(second, root.identity), model });
  const { tasks } = await (await root.fetch(new Request("http://r.test/v1/tasks"))).json();
  assert.deepEqual(tasks.map(({ name }: { name: string }) => name).sort(), ["second", "test"]);
});
