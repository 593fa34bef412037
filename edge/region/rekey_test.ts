import assert from "node:assert/strict";
import { hastyClock } from "../../tests/hasty_clock.ts";
import { toBase64Url } from "../../src/core/bytes.ts";
import { isTributaryError } from "../../src/core/errors.ts";
import { generateIdentity, type Identity } from "../../src/core/identity.ts";
import { verifyReceipt } from "../../src/wire/receipt.ts";
import { planDigest } from "../../src/wire/session_id.ts";
import { signSuccession } from "../../src/wire/succession.ts";
import { taskId } from "../../src/wire/task.ts";
import { verifyLog } from "../../src/wire/verify_log.ts";
import { testOperator } from "../_operator_testing.ts";
import {
  module,
  nodeDigest,
  parcelDigest,
  parcelOf,
  publishedSums,
  sumDigest,
  testPeer,
  testRoot,
  testTask,
} from "../_testing.ts";
import { createRootProcess, patientPeer } from "../_tree_testing.ts";
import { admitByTicket } from "../access/admission.ts";
import { type AggregatorApp, createAggregatorApp } from "../app.ts";
import { memoryStore } from "../memory/mod.ts";
import { rekeyRegion } from "./rekey.ts";

const code = (expected: string) => (error: unknown) =>
  isTributaryError(error) && error.code === expected;

Deno.test("rekey: a region goes on under another key, with its members, its log and its receipts", async () => {
  const clock = hastyClock();
  const task = testTask(1, { stop: { rounds: 3 }, clients: { min: 1, max: 8 } });
  const id = await taskId(task);
  const plan = await planDigest(task);
  const root = await createRootProcess(clock, task);
  await root.start();
  const store = memoryStore();
  const [old, next] = [await generateIdentity(), await generateIdentity()];
  const start = async (identity: Identity): Promise<AggregatorApp> => {
    const app = createAggregatorApp({
      ...{ store, identity, clock, module, digest: nodeDigest, fetch: root.fetch },
      parent: { url: "http://parent.test" },
      admit: admitByTicket,
    });
    await app.aggregator.start();
    return app;
  };
  let region = await start(old);
  const fetch = async (request: Request) => await region.fetch(request);
  const member = await generateIdentity();
  const peer = patientPeer(clock, fetch, member);
  const operator = testOperator({ fetch, clock, identity: old } as never);
  const { region: party } = await peer.task(id);
  const order = { region: party, kind: "client", count: 1, seconds: 600 } as const;
  const { tickets: [token = ""] } = await operator.issue(id, order);
  await peer.enrol(id, { kind: "client", size: 1, region: party, token });
  const send = async (value: number, after: number) => {
    const { region: to } = await peer.task(id);
    for (;;) {
      const info = await peer.round(id, { after, waitS: 60, plan });
      if (info?.kind !== "open") continue;
      const { round, sid } = info;
      const parcel = parcelOf([value]);
      const { slices } = await parcelDigest(parcel);
      return await peer.putUpdate(id, { round, sid, clients: 1, parcel, slices, region: to });
    }
  };
  const first = await send(1, 0);
  // In the middle of a round nothing changes.
  while ((await peer.round(id, { after: 1, waitS: 60, plan })) === undefined);
  await assert.rejects(rekeyRegion(store, { from: old, to: next, clock }), code("busy"));
  await region.aggregator.drain();
  await send(2, 1);
  await region.aggregator.drained();
  await region.aggregator[Symbol.asyncDispose]();

  await assert.rejects(rekeyRegion(store, { from: next, to: old, clock }), code("store-failed"));
  await rekeyRegion(store, { from: old, to: next, clock });
  await rekeyRegion(store, { from: old, to: next, clock });
  // The old key is no good for the store any more.
  await assert.rejects(start(old), code("store-failed"));
  region = await start(next);
  await region.aggregator.drain(false);
  await assert.rejects(
    peer.leave(id, { region: party, signal: AbortSignal.timeout(5000) }),
    code("region-changed"),
  );
  // A member is one still, and needs no new token.
  const { region: now } = await peer.task(id);
  assert.equal(now.id, next.id);
  await peer.enrol(id, { kind: "client", size: 1, region: now });
  await send(4, 2);
  const atRoot = patientPeer(clock, root.fetch, root.identity);
  while ((await atRoot.round(id, { after: 3, waitS: 60, plan })) === undefined);
  assert.deepEqual(await publishedSums(atRoot, id), [
    await sumDigest([1]),
    await sumDigest([2]),
    await sumDigest([4]),
  ]);
  // What the old key has signed is what it was.
  const { signature: _, ...said } = first;
  await verifyReceipt(first, { ...said }, old.publicKey);
  const { entries } = await peer.log(id, { from: 0 });
  await verifyLog(entries, { task, signer: toBase64Url(next.publicKey), digest: nodeDigest });
  assert.equal(entries.filter(({ body }) => body.event.kind === "rekeyed").length, 1);
  await region.aggregator[Symbol.asyncDispose]();
  await root.stop();
});

Deno.test("rekey: at the parent one membership takes the other's place, without a token of its own", async () => {
  await using root = await testRoot({ admit: admitByTicket });
  const operator = testOperator(root);
  const [old, next] = [await generateIdentity(), await generateIdentity()];
  const { region } = await testPeer(root, old).task(root.id);
  const order = { region, kind: "region", count: 1, seconds: 600 } as const;
  const { tickets: [token = ""] } = await operator.issue(root.id, order);
  await testPeer(root, old).enrol(root.id, { kind: "region", size: 3, region, token });
  const body = { task: root.id, to: toBase64Url(next.publicKey) };
  const enrol = (identity: Identity, succeeds: Awaited<ReturnType<typeof signSuccession>>) =>
    testPeer(root, identity).enrol(root.id, { kind: "region", size: 5, region, succeeds });
  const eve = await generateIdentity();
  const good = await signSuccession(body, old);
  // Nobody's word, a word for somebody else, and one of a stranger.
  await assert.rejects(
    enrol(next, { ...good, signature: (await signSuccession(body, eve)).signature }),
    code("signature-invalid"),
  );
  await assert.rejects(enrol(eve, good), code("signature-invalid"));
  await assert.rejects(enrol(next, await signSuccession(body, eve)), code("member-refused"));
  await enrol(next, good);
  await enrol(next, good);
  const life = root.app.aggregator.tasks.get(root.id);
  assert.deepEqual([life?.status().members, life?.status().size], [1, 5]);
  // The token stays spent, by the new key.
  const spent = { region, kind: "region", size: 1, token } as const;
  await assert.rejects(testPeer(root, eve).enrol(root.id, spent), code("token-spent"));
  const { members } = await operator.members(root.id, { region });
  assert.deepEqual(members.map(({ id }) => id), [next.id]);
});

Deno.test("rekey: a root's key is the task's, and stays", async () => {
  const store = memoryStore();
  const identity = await generateIdentity();
  await (await testRoot({ store, identity }))[Symbol.asyncDispose]();
  const to = await generateIdentity();
  await assert.rejects(rekeyRegion(store, { from: identity, to }), code("task-refused"));
});
