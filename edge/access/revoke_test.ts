import assert from "node:assert/strict";
import { isTributaryError } from "../../src/core/errors.ts";
import { toBase64Url } from "../../src/core/bytes.ts";
import { generateIdentity } from "../../src/core/identity.ts";
import { stranger, testOperator } from "../_operator_testing.ts";
import {
  insideOf,
  openRound,
  parcelOf,
  publishedSums,
  sendUpdate,
  sumDigest,
  testMember,
  testPeer,
  testRoot,
} from "../_testing.ts";
import { admitByTicket } from "./admission.ts";
import type { Newcomer } from "./enrol.ts";
import { memoryStore } from "../memory/mod.ts";

const code = (expected: string) => (error: unknown) =>
  isTributaryError(error) && error.code === expected;

Deno.test("revocation: one that was revoked is heard no more, and what it sent stays in the sum", async () => {
  await using root = await testRoot({ words: 1 });
  const [a, b] = [await testMember(root), await testMember(root)];
  const { region } = await a.peer.task(root.id);
  const operator = testOperator(root);
  const round = await openRound(a.peer, root.task);
  await sendUpdate(a, round, parcelOf([5]));
  const at = { region, member: a.identity.id };
  await operator.revoke(root.id, { ...at, release: false });
  await operator.revoke(root.id, { ...at, release: false });
  await assert.rejects(sendUpdate(a, round, parcelOf([5])), code("member-revoked"));
  await assert.rejects(
    a.peer.enrol(root.id, { kind: "client", size: 1, region }),
    code("member-revoked"),
  );
  const plan = round.sid;
  await assert.rejects(
    a.peer.round(root.id, { after: 1, waitS: 0, plan, as: { region } }),
    code("member-revoked"),
  );
  await assert.rejects(a.peer.leave(root.id, { region }), code("member-revoked"));
  await sendUpdate(b, round, parcelOf([7]));
  const { round: next } = await openRound(b.peer, root.task, 1);
  assert.equal(next, 2);
  assert.deepEqual(await publishedSums(b.peer, root.id), [await sumDigest([12])]);
  // The next round waits for the other alone.
  assert.equal(root.app.aggregator.tasks.get(root.id)?.status().members, 1);

  await operator.restore(root.id, at);
  await operator.restore(root.id, at);
  await a.peer.enrol(root.id, { kind: "client", size: 1, region });
});

Deno.test("revocation: is remembered over a restart, and the roster shows it", async () => {
  const store = memoryStore();
  const identity = await generateIdentity();
  const revoked = await generateIdentity();
  {
    await using root = await testRoot({ store, identity });
    const { region } = await testPeer(root, identity).task(root.id);
    await testOperator(root).revoke(root.id, { region, member: revoked.id, release: false });
  }
  await using root = await testRoot({ store, identity });
  const member = await testMember(root);
  const peer = testPeer(root, revoked);
  const { region } = await peer.task(root.id);
  await assert.rejects(
    peer.enrol(root.id, { kind: "client", size: 1, region }),
    code("member-revoked"),
  );
  const { members } = await testOperator(root).members(root.id, { region });
  const expected = [
    { id: member.identity.id, kind: "client", size: 1, revoked: false },
    { id: revoked.id, size: 0, revoked: true },
  ].sort((a, b) => a.id < b.id ? -1 : 1);
  assert.deepEqual(members, expected);
  const [first, last] = expected;
  const after = { region, after: first?.id ?? "" };
  assert.deepEqual((await testOperator(root).members(root.id, after)).members, [last]);
});

Deno.test("revocation: releases what a member came with only if told to", async () => {
  await using root = await testRoot({ admit: admitByTicket });
  const operator = testOperator(root);
  const { region } = await testPeer(root, root.identity).task(root.id);
  const order = { region, kind: "client", count: 1, seconds: 60 } as const;
  const { tickets: [token = ""] } = await operator.issue(root.id, order);
  const [a, b] = [await stranger(root), await stranger(root)];
  await a.enrol(token);
  await operator.revoke(root.id, { region, member: a.identity.id, release: false });
  await assert.rejects(b.enrol(token), code("token-spent"));
  await operator.revoke(root.id, { region, member: a.identity.id, release: true });
  // The token itself is spent for good; a subject of an issuer would be free.
  await assert.rejects(b.enrol(token), code("member-refused"));
});

Deno.test("operators: nobody else may, however well it signs, and a member is none", async () => {
  const other = await generateIdentity();
  await using root = await testRoot({ operators: [other.id] });
  const member = await testMember(root);
  const { region } = await member.peer.task(root.id);
  const as = testOperator(root, member.identity);
  await assert.rejects(as.members(root.id, { region }), code("operator-refused"));
  await assert.rejects(
    as.revoke(root.id, { region, member: member.identity.id, release: false }),
    code("operator-refused"),
  );
  await assert.rejects(
    as.issue(root.id, { region, kind: "client", count: 1, seconds: 1 }),
    code("operator-refused"),
  );
  assert.equal((await testOperator(root, other).members(root.id, { region })).members.length, 1);
  // Under another's name.
  const path = `/v1/tasks/${root.id}/members?operator=${root.identity.id}`;
  assert.equal((await root.app.request(path)).status, 401);
  await assert.rejects(testOperator(root).drain({ region }), code("task-refused"));
});

Deno.test("revocation: an enrolment whose signature was checked before it is refused by the write", async () => {
  await using root = await testRoot({ words: 1 });
  const { identity, peer } = await testMember(root);
  const { region } = await peer.task(root.id);
  await testOperator(root).revoke(root.id, { region, member: identity.id, release: false });
  const publicKey = toBase64Url(identity.publicKey);
  const newcomer: Newcomer = {
    member: identity.id,
    enrolment: { kind: "client", publicKey, size: 1 },
    admission: { kind: "admitted" },
    signedS: root.clock.now() / 1000,
  };
  const life = insideOf(root.app.aggregator).tasks.get(root.id)!;
  await assert.rejects(life.enrol(newcomer), code("member-revoked"));
  assert.equal(life.member(identity.id), undefined);
});
