import assert from "node:assert/strict";
import { TributaryError } from "../../src/core/errors.ts";
import {
  contentsOf,
  openRound,
  parcelOf,
  publishedSums,
  sendUpdate,
  sumDigest,
  type TestMember,
  testMember,
  testRoot,
} from "../_testing.ts";
import { memoryStore } from "../memory/store.ts";
import type { RoundStore, StoreChange } from "../store.ts";

/** A store whose next writes go wrong in the given ways, and that counts those with updates. */
function faultyStore() {
  const inner = memoryStore();
  const faults: ("fails" | "fails after writing" | "is too late")[] = [];
  const batches: number[] = [];
  const write = async (task: string, expected: number, change: StoreChange): Promise<boolean> => {
    if (change.updates?.length) batches.push(change.updates.length);
    const fault = faults.shift();
    if (fault === "is too late") return false;
    if (fault === "fails") throw new TributaryError("store-failed", "disk full");
    const done = await inner.write(task, expected, change);
    if (fault !== undefined) throw new TributaryError("store-failed", "no answer");
    return done;
  };
  const store: RoundStore = { ...inner, write };
  return { store, inner, faults, batches };
}

const PARCELS = [[1, 2, 3, 4], [10, 20, 30, 40], [100, 200, 300, 400]].map(parcelOf);

async function openedRoot() {
  const faulty = faultyStore();
  const root = await testRoot({ store: faulty.store, task: { clients: { min: 3, max: 9 } } });
  const members: TestMember[] = [];
  for (let i = 0; i < 3; i++) members.push(await testMember(root));
  const round = await openRound(members[0]!.peer, root.task);
  const send = (i: number) => sendUpdate(members[i]!, round, PARCELS[i]!);
  return { root, faulty, members, round, send };
}

for (
  const [fault, code] of [
    ["fails", "store-failed"],
    ["is too late", "busy"],
  ] as const
) {
  Deno.test(`committer: a write that ${fault} fails its uploads as ${code}, and nothing is in the sum`, async () => {
    const { root, faulty, members, send } = await openedRoot();
    await using _root = root;
    await send(0);
    const before = await contentsOf(faulty.inner, root.id);
    faulty.faults.push(fault);
    const results = await Promise.allSettled([send(1), send(2)]);
    // Whether they shared a write or not, whoever was in the failed one was told.
    const failed = results.filter((result) => result.status === "rejected");
    assert.ok(failed.length >= 1);
    for (const { reason } of failed) assert.equal(reason.code, code);
    if (failed.length === 2) assert.deepEqual(await contentsOf(faulty.inner, root.id), before);
    for (const [i, result] of results.entries()) {
      if (result.status === "rejected") await send(i + 1);
    }
    await openRound(members[0]!.peer, root.task, 1);
    assert.deepEqual(
      await publishedSums(members[0]!.peer, root.id),
      [await sumDigest([111, 222, 333, 444])],
    );
  });
}

Deno.test("committer: a write that happened but was not confirmed is found on the next try", async () => {
  const { root, faulty, members, send } = await openedRoot();
  await using _root = root;
  await send(0);
  faulty.faults.push("fails after writing");
  await assert.rejects(send(1), { code: "store-failed" });
  // The same update again: it is in the sum already, once.
  assert.equal((await send(1)).position, 1);
  await send(2);
  await openRound(members[0]!.peer, root.task, 1);
  assert.deepEqual(
    await publishedSums(members[0]!.peer, root.id),
    [await sumDigest([111, 222, 333, 444])],
  );
});

Deno.test("committer: uploads that are there at the same time share a write", async () => {
  const { root, faulty, send } = await openedRoot();
  await using _root = root;
  await Promise.all([send(0), send(1), send(2)]);
  assert.ok(faulty.batches.length < 3, `batches were ${faulty.batches}`);
  assert.equal(faulty.batches.reduce((all, size) => all + size, 0), 3);
});

Deno.test("committer: nobody is told of an update before it is written", async () => {
  const { root, faulty, members, round, send } = await openedRoot();
  await using _root = root;
  const gate = Promise.withResolvers<void>();
  const write = faulty.inner.write;
  const store = root.store as { write: RoundStore["write"] };
  const writing = Promise.withResolvers<void>();
  store.write = async (...args) => {
    writing.resolve();
    await gate.promise;
    return await write(...args);
  };
  const first = send(0);
  let settled = false;
  first.then(() => settled = true, () => settled = true);
  await writing.promise;
  // Neither its own receipt nor one for a repetition may come out while the write is under way.
  const again = sendUpdate(members[0]!, round, PARCELS[0]!);
  again.then(() => settled = true, () => settled = true);
  await members[1]!.peer.status(root.id);
  await members[1]!.peer.log(root.id, { from: 0 });
  assert.equal(settled, false);
  assert.equal((await members[1]!.peer.status(root.id)).updates, 0);
  gate.resolve();
  assert.deepEqual(await first, await again);
});

Deno.test("committer: a root whose store fails when it opens a round tries again", async () => {
  const faulty = faultyStore();
  const root = await testRoot({ store: faulty.store });
  await using _root = root;
  faulty.faults.push("fails");
  const joining = testMember(root);
  await assert.rejects(joining, { code: "store-failed" });
  const member = await testMember(root);
  assert.equal((await openRound(member.peer, root.task)).round, 1);
});
