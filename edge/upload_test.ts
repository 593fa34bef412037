import assert from "node:assert/strict";
import { generateIdentity } from "../src/core/identity.ts";
import { parcelDigest } from "../src/update/slices.ts";
import {
  nodeDigest,
  openRound,
  parcelOf,
  signedUpdate,
  testMember,
  testPeer,
  type TestRoot,
  testRoot,
} from "./_testing.ts";

Deno.test("upload: two updates give receipts, a sum and a model", async () => {
  await using root = await testRoot({ words: 3, task: { clients: { min: 2, max: 10 } } });
  const [a, b] = [await testMember(root), await testMember(root)];
  const round = await openRound(a.peer, root.task);
  const { region } = await a.peer.task(root.id);
  const parcels = [parcelOf([1, 2, 2 ** 32 - 1]), parcelOf([10, 20, 2])];
  for (const [i, { peer }] of [a, b].entries()) {
    const parcel = parcels[i]!;
    const { slices } = await parcelDigest(parcel, nodeDigest);
    const { round: number, sid } = round;
    const receipt = await peer.putUpdate(root.id, {
      round: number,
      sid,
      clients: 1,
      parcel,
      slices,
      region,
    });
    assert.equal(receipt.position, i);
  }
  const next = await openRound(a.peer, root.task, round.round);
  assert.equal(next.model.version, 1);
  const { entries } = await a.peer.log(root.id, { from: 0 });
  const event = entries[1]?.body.event;
  assert.equal(event?.kind, "published");
  const { tree } = await parcelDigest(parcelOf([11, 22, 1]), nodeDigest);
  assert.equal(event.sum, [...tree].map((byte) => byte.toString(16).padStart(2, "0")).join(""));
});
