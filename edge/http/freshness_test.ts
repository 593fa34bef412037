import assert from "node:assert/strict";
import { generateIdentity } from "../../src/core/identity.ts";
import { manualClock } from "../../src/wire/_testing.ts";
import { planDigest } from "../../src/wire/session_id.ts";
import { openRound, parcelOf, sendUpdate, testMember, testPeer, testRoot } from "../_testing.ts";
import { sharedMemory } from "../memory/shared_memory.ts";

Deno.test("freshness: an update of a round that only another instance has heard of is taken", async () => {
  const clock = manualClock();
  const memory = sharedMemory(clock);
  const open = () => {
    const store = memory.open();
    // Word of writes gets lost.
    const shared = { ...store.shared!, watch: () => ({ [Symbol.dispose]() {} }) };
    return { ...store, shared };
  };
  const identity = await generateIdentity();
  const task = { clients: { min: 2, max: 9 } };
  await using one = await testRoot({ store: open(), identity, clock, task });
  await using other = await testRoot({ store: open(), identity, clock, task });
  const { id } = one;
  const member = await testMember(one);
  const there = { ...member, peer: testPeer(other, member.identity) };
  const { region } = await there.peer.task(id);
  // The other instance has met this member, but not the one who has the round open.
  const plan = await planDigest(one.task);
  await there.peer.round(id, { after: 0, waitS: 0, plan, as: { region } });
  await testMember(one);
  const round = await openRound(member.peer, one.task);
  assert.equal(other.app.aggregator.tasks.get(id)?.status().round, 0);
  const receipt = await sendUpdate(there, round, parcelOf([1, 2, 3, 4]));
  assert.equal(receipt.round, 1);
});
