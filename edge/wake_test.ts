import assert from "node:assert/strict";
import { TributaryError } from "../src/core/errors.ts";
import { generateIdentity } from "../src/core/identity.ts";
import { manualClock } from "../src/wire/_testing.ts";
import { signTask, taskId } from "../src/wire/task.ts";
import { hastyClock } from "../tests/hasty_clock.ts";
import {
  insideOf,
  module,
  nodeDigest,
  openRound,
  parcelOf,
  publishedSums,
  sendUpdate,
  sumDigest,
  sumStrategy,
  testMember,
  testRoot,
  testTask,
} from "./_testing.ts";
import {
  createRegionProcess,
  createRootProcess,
  type Process,
  runClient,
} from "./_tree_testing.ts";
import { createAggregator } from "./aggregator.ts";
import { memoryStore } from "./memory/store.ts";
import type { RoundStore } from "./store.ts";

/** A store whose next calls of a method go wrong in the given ways. */
function faultyStore() {
  const inner = memoryStore();
  const faults: Record<"read" | "write", ("fails" | "fails after it happened")[]> = {
    read: [],
    write: [],
  };
  const failed = () => new TributaryError("store-failed", "Cannot reach the store");
  const store: RoundStore = {
    ...inner,
    async read(task) {
      if (faults.read.shift() !== undefined) throw failed();
      return await inner.read(task);
    },
    async write(task, expected, change) {
      const fault = faults.write.shift();
      if (fault === "fails") throw failed();
      const done = await inner.write(task, expected, change);
      if (fault !== undefined) throw failed();
      return done;
    },
  };
  return { store, faults };
}

/** Words of the one update that arrives before the deadline. */
const WORDS = [1, 2, 3, 4];

Deno.test("wake: a timer that ends before its time does not keep a round open for ever", async () => {
  const inner = manualClock();
  // As a platform's timers do, which another clock drives than the one that tells the time.
  const clock = {
    now: inner.now,
    advance: inner.advance,
    async sleep(ms: number, options = {}) {
      if (ms <= 1) return inner.advance(1);
      await inner.sleep(ms - 1, options);
    },
  };
  await using root = await testRoot({ clock: clock as never });
  const member = await testMember(root);
  await testMember(root);
  const round = await openRound(member.peer, root.task);
  await sendUpdate(member, round, parcelOf(WORDS));
  clock.advance(59_999);
  await openRound(member.peer, root.task, 1);
  assert.deepEqual(await publishedSums(member.peer, root.id), [await sumDigest(WORDS)]);
});

for (const fault of ["fails", "fails after it happened"] as const) {
  Deno.test(`wake: a round closes at its deadline though the write ${fault}`, async () => {
    const { store, faults } = faultyStore();
    await using root = await testRoot({ store });
    const member = await testMember(root);
    await testMember(root);
    const round = await openRound(member.peer, root.task);
    await sendUpdate(member, round, parcelOf(WORDS));
    faults.write.push(fault);
    root.clock.advance(60_000);
    const next = openRound(member.peer, root.task, 1);
    let isOpen = false;
    next.then(() => isOpen = true);
    while (!isOpen) {
      // Only the wait before another try: a deadline may not be what rescues it.
      if (root.clock.nextMs <= 1000) root.clock.advance(root.clock.nextMs);
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    assert.deepEqual(await publishedSums(member.peer, root.id), [await sumDigest(WORDS)]);
  });
}

Deno.test("wake: what an unconfirmed write did is heard of, though its sender never comes back", async () => {
  const { store, faults } = faultyStore();
  const clock = hastyClock();
  await using root = await testRoot({
    store,
    clock: clock as never,
    task: { clients: { min: 2, max: 9 } },
  });
  const member = await testMember(root);
  const round = openRound(member.peer, root.task);
  faults.write.push("fails after it happened");
  faults.read.push("fails", "fails");
  await assert.rejects(testMember(root), { code: "store-failed" });
  assert.equal((await round).round, 1);
});

Deno.test("wake: those who ask after a failed write share one reading of the store", async () => {
  const { store, faults } = faultyStore();
  await using root = await testRoot({ store });
  const { committer } = insideOf(root.app.aggregator).tasks.get(root.id)!;
  const gate = Promise.withResolvers<void>();
  let reads = 0;
  const { read } = store;
  (store as { read: RoundStore["read"] }).read = async (task) => {
    reads++;
    await gate.promise;
    return await read(task);
  };
  faults.write.push("fails");
  await assert.rejects(testMember(root), { code: "store-failed" });
  // Of two readings the one that began earlier could end later, and be taken for the newer.
  const states = [committer.state(), committer.state()];
  gate.resolve();
  const [first, second] = await Promise.all(states);
  assert.equal(first, second);
  assert.equal(reads, 1);
});

Deno.test("wake: a region reports again where its parent failed in a way of its own", async () => {
  const clock = hastyClock();
  const task = testTask(4, { stop: { rounds: 1 } });
  const root = await createRootProcess(clock, task);
  await root.start();
  let failures = 3;
  const failing: Process = {
    ...root,
    fetch: async (request) => {
      if (request.url.includes("/members/") && failures-- > 0) {
        throw new TributaryError("internal", "Cannot answer: an unexpected error");
      }
      return await root.fetch(request);
    },
  };
  const region = await createRegionProcess(clock, failing);
  await region.start();
  const run = await runClient(clock, region, task, () => WORDS);
  assert.deepEqual(run, { rounds: [1], version: 1 });
  await region.stop();
  await root.stop();
});

Deno.test("wake: a region whose store was lost hears from those below it again", async () => {
  const clock = hastyClock();
  const task = testTask(4, { clients: { min: 2, max: 9 }, stop: { rounds: 1 } });
  const id = await taskId(task);
  const root = await createRootProcess(clock, task);
  await root.start();
  // A new disk at each start.
  const upper = await createRegionProcess(clock, root, { wrap: () => memoryStore() });
  await upper.start();
  const lower = await createRegionProcess(clock, upper);
  await lower.start();
  const below = runClient(clock, lower, task, () => WORDS);
  const sizeAt = (process: Process) => process.app.aggregator.tasks.get(id)?.status().size;
  while (sizeAt(root) !== 1) await clock.sleep(1);
  upper.kill();
  await upper.start();
  const beside = runClient(clock, root, task, () => WORDS);
  assert.deepEqual(await Promise.all([below, beside]), [
    { rounds: [1], version: 1 },
    { rounds: [1], version: 1 },
  ]);
  for (const process of [lower, upper, root]) await process.stop();
});

Deno.test("wake: an aggregator that is stopped while it starts takes up nothing more", async () => {
  const identity = await generateIdentity();
  const store = memoryStore();
  const make = () =>
    createAggregator({
      module,
      store,
      identity,
      clock: manualClock(),
      digest: nodeDigest,
      strategy: () => sumStrategy,
    });
  const first = make();
  const model = { w: { shape: [4], data: new Float32Array(4) } };
  for (const name of ["one", "two"]) {
    await first.own({ signed: await signTask(testTask(4, { name }), identity), model });
  }
  await first[Symbol.asyncDispose]();
  const second = make();
  const starting = second.start();
  starting.catch(() => {});
  await second[Symbol.asyncDispose]();
  await assert.rejects(starting);
  assert.equal(second.tasks.size, 0);
});
