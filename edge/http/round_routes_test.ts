import assert from "node:assert/strict";
import { generateIdentity } from "../../src/core/identity.ts";
import type { OpenRound } from "../../src/wire/round_info.ts";
import { planDigest } from "../../src/wire/session_id.ts";
import { manualClock } from "../../src/wire/_testing.ts";
import { sharedMemory } from "../memory/shared_memory.ts";
import {
  contentsOf,
  insideOf,
  openRound,
  parcelOf,
  problemCode,
  sendUpdate,
  type TestMember,
  testMember,
  testPeer,
  type TestRoot,
  testRoot,
} from "../_testing.ts";

const PARCEL = parcelOf([1, 2, 3, 4]);
const TWO = { clients: { min: 2, max: 2 } };

/** The round as a member hears of it. */
async function ask(root: TestRoot, { peer }: TestMember, waitS = 0) {
  const { region } = await peer.task(root.id);
  const plan = await planDigest(root.task);
  return await peer.round(root.id, { after: 0, waitS, plan, as: { region } });
}

async function abstain(root: TestRoot, { peer }: TestMember, round: OpenRound): Promise<void> {
  const { region } = await peer.task(root.id);
  await peer.abstain(root.id, { round: round.round, sid: round.sid, region });
}

const phaseOf = (root: TestRoot) => insideOf(root.app.aggregator).tasks.get(root.id)!.status();

Deno.test("round routes: a member hears what it may send, anyone else only of the round", async () => {
  await using root = await testRoot();
  const member = await testMember(root);
  const info = await ask(root, member, 60);
  assert.ok(info?.kind === "open");
  assert.deepEqual(info.share, { clients: 1, enough: 1 });
  assert.equal(info.threshold, 1);
  assert.equal((await openRound(member.peer, root.task)).share, undefined);
});

Deno.test("round routes: one that is no member, or says it is another, hears nothing", async () => {
  await using root = await testRoot();
  const member = await testMember(root);
  const stranger = { identity: await generateIdentity() };
  const peer = testPeer(root, stranger.identity);
  await assert.rejects(ask(root, { ...stranger, peer }), { code: "member-unknown" });
  const posing = testPeer(root, { ...stranger.identity, id: member.identity.id });
  await assert.rejects(ask(root, { ...stranger, peer: posing }), { code: "signature-invalid" });
  const path = `http://region.test/v1/tasks/${root.id}/round?member=${member.identity.id}`;
  const unsigned = await root.fetch(new Request(path));
  assert.equal(await problemCode(unsigned), "signature-missing");
  const lone = await root.fetch(new Request(path.replace(/\?.*/, "?available=3")));
  assert.equal(await problemCode(lone), "bad-request");
});

Deno.test("round routes: who asks as a member counts as one that is there", async () => {
  await using root = await testRoot({ task: { clients: { min: 3, max: 9 } } });
  const { presence } = insideOf(root.app.aggregator).tasks.get(root.id)!;
  const member = await testMember(root);
  assert.equal(presence.count(), 0);
  const wait = ask(root, member, 60);
  await presence.reach(1, new AbortController().signal);
  assert.equal(presence.of(member.identity.id), 1);
  const [other] = [await testMember(root), await testMember(root)];
  assert.equal((await wait)?.kind, "open");
  assert.equal(presence.of(other.identity.id), 0);
});

Deno.test("round routes: who abstains is waited for no more, and may say so again", async () => {
  await using root = await testRoot({ task: TWO });
  const [one, other] = [await testMember(root), await testMember(root)];
  const round = await openRound(one.peer, root.task);
  await abstain(root, one, round);
  const before = await contentsOf(root.store, root.id);
  await abstain(root, one, round);
  assert.deepEqual(await contentsOf(root.store, root.id), before);
  await assert.rejects(sendUpdate(one, round, PARCEL), { code: "update-conflict" });
  // The root still waits: one client is too few to publish from.
  await sendUpdate(other, round, PARCEL);
  assert.deepEqual([phaseOf(root).phase, phaseOf(root).clients], ["open", 1]);
});

Deno.test("round routes: with everyone heard of a round ends, whoever was last", async () => {
  await using root = await testRoot({ task: { clients: { min: 1, max: 2 } } });
  const one = await testMember(root);
  const other = await testMember(root);
  const round = await openRound(one.peer, root.task);
  await sendUpdate(other, round, PARCEL);
  assert.equal(phaseOf(root).phase, "open");
  await abstain(root, one, round);
  const next = await openRound(one.peer, root.task, 1);
  assert.equal(next.round, 2);
  const { entries } = await one.peer.log(root.id, { from: 0 });
  const event = entries.at(-1)?.body.event;
  assert.ok(event?.kind === "published");
  assert.deepEqual([event.updates, event.abstained, event.sample.asked], [1, 1, 2]);
});

for (
  const [what, code, act] of [
    ["of another session", "sid-mismatch", async (root, member, round) => {
      await abstain(root, member, { ...round, sid: "00".repeat(32) });
    }],
    ["from a round to come", "round-unknown", async (root, member, round) => {
      await abstain(root, member, { ...round, round: 2 });
    }],
    ["after an update", "update-conflict", async (root, member, round) => {
      await sendUpdate(member, round, PARCEL);
      await abstain(root, member, round);
    }],
    ["after the deadline", "round-closed", async (root, member, round) => {
      root.clock.advance(60_000);
      await abstain(root, member, round);
    }],
    ["of one that is no member", "member-unknown", async (root, _, round) => {
      const identity = await generateIdentity();
      await abstain(root, { identity, peer: testPeer(root, identity) }, round);
    }],
    ["of one that came too late", "not-asked", async (root, _, round) => {
      await abstain(root, await testMember(root), round);
    }],
  ] as [string, string, (root: TestRoot, member: TestMember, round: OpenRound) => Promise<void>][]
) {
  Deno.test(`round routes: an abstention ${what} is refused as ${code}`, async () => {
    await using root = await testRoot({ task: TWO });
    const member = await testMember(root);
    await testMember(root);
    const round = await openRound(member.peer, root.task);
    await assert.rejects(act(root, member, round), { code });
  });
}

Deno.test("round routes: an abstention from an earlier round says nothing of the open one", async () => {
  const task = { clients: { min: 1, max: 2 }, stop: { rounds: 3 } };
  await using root = await testRoot({ task });
  const [one, other] = [await testMember(root), await testMember(root)];
  const first = await openRound(one.peer, root.task);
  await abstain(root, one, first);
  await sendUpdate(other, first, PARCEL);
  const second = await openRound(one.peer, root.task, 1);
  await assert.rejects(abstain(root, one, first), { code: "round-closed" });
  await sendUpdate(one, second, PARCEL);
  await abstain(root, other, second);
  const third = await openRound(one.peer, root.task, 2);
  await abstain(root, one, third);
  // Nor does it say so again, though there is nothing left to say.
  await assert.rejects(abstain(root, one, first), { code: "round-closed" });
});

Deno.test("round routes: in a full round latecomers are told that they are not asked", async () => {
  await using root = await testRoot({ task: TWO });
  const one = await testMember(root);
  await testMember(root);
  const round = await openRound(one.peer, root.task);
  const late = await testMember(root);
  const info = await ask(root, late);
  assert.ok(info?.kind === "open");
  assert.deepEqual(info.share, { clients: 0, enough: 0 });
  await assert.rejects(sendUpdate(late, round, PARCEL), { code: "not-asked" });
});

Deno.test("round routes: a sampled round is not open to latecomers, however much room it has", async () => {
  const sampling = { kind: "poisson", rate: 1 } as const;
  await using root = await testRoot({ task: { clients: { min: 1, max: 9 }, sampling } });
  const one = await testMember(root);
  const round = await openRound(one.peer, root.task);
  const late = await testMember(root);
  await assert.rejects(sendUpdate(late, round, PARCEL), { code: "not-asked" });
  await sendUpdate(one, round, PARCEL);
  const next = await openRound(one.peer, root.task, 1);
  assert.equal((await sendUpdate(late, next, PARCEL)).round, 2);
});

Deno.test("round routes: who is asked outlives the process", async () => {
  const sampling = { kind: "uniform", count: 2, overSelect: 1 } as const;
  const task = { clients: { min: 2, max: 9 }, sampling };
  const first = await testRoot({ task });
  const members = [await testMember(first), await testMember(first)];
  const round = await openRound(members[0]!.peer, first.task);
  await abstain(first, members[0]!, round);
  const late = await testMember(first);
  const before = insideOf(first.app.aggregator).tasks.get(first.id)!.committer.latest;
  await first[Symbol.asyncDispose]();
  const { store, identity, clock } = first;
  await using root = await testRoot({ store, identity, clock, task });
  const after = insideOf(root.app.aggregator).tasks.get(root.id)!.committer.latest;
  assert.deepEqual(after.shares, before.shares);
  assert.equal(after.shareRows, before.shareRows);
  clock.advance(1000);
  const again = (member: TestMember) => ({ ...member, peer: testPeer(root, member.identity) });
  await assert.rejects(sendUpdate(again(late), round, PARCEL), { code: "not-asked" });
  await assert.rejects(sendUpdate(again(members[0]!), round, PARCEL), { code: "update-conflict" });
  assert.equal((await sendUpdate(again(members[1]!), round, PARCEL)).position, 0);
});

Deno.test("round routes: a region that enrolled at another instance counts with all that it has at hand", async () => {
  const clock = manualClock();
  const memory = sharedMemory(clock);
  const open = () => {
    const store = memory.open();
    // Word of writes gets lost.
    const shared = { ...store.shared!, watch: () => ({ [Symbol.dispose]() {} }) };
    return { ...store, shared };
  };
  const identity = await generateIdentity();
  await using one = await testRoot({ store: open(), identity, clock });
  await using other = await testRoot({ store: open(), identity, clock });
  const { id, task } = one;
  const me = await generateIdentity();
  const [here, there] = [testPeer(one, me), testPeer(other, me)];
  const { region } = await here.task(id);
  await here.enrol(id, { kind: "region", size: 7, region });
  const as = { region, available: 5, size: 7 };
  await there.round(id, { after: 0, waitS: 0, plan: await planDigest(task), as });
  const { presence } = insideOf(other.app.aggregator).tasks.get(id)!;
  assert.equal(presence.of(me.id), 5);
});
