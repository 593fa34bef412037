import assert from "node:assert/strict";
import { concatBytes, toHex } from "../../src/core/bytes.ts";
import { systemClock } from "../../src/core/clock.ts";
import { slicesDigest } from "../../src/core/digest.ts";
import { systemFetch } from "../../src/core/fetch.ts";
import { generateIdentity, type Identity } from "../../src/core/identity.ts";
import { systemRandom } from "../../src/core/random.ts";
import { encodeBundle, encodeSubmission } from "../../src/wire/evidence.ts";
import type { ManualClock } from "../../src/wire/_testing.ts";
import { membersRoot } from "../../src/wire/merkle.ts";
import { createPeer } from "../../src/wire/peer.ts";
import { groupSession, planDigest } from "../../src/wire/session_id.ts";
import { nodeDigest, parcelDigest, testRoot } from "../_testing.ts";
import { testCommittee } from "../helper/_testing.ts";

const CLIENTS = 600;
const ENVELOPES = [114, 114, 114, 8274, 8274];

Deno.test("large evidence: a region of 600 clients sends ten megabytes of it over HTTP as they are read, and they are kept slice by slice", async () => {
  const committee = await testCommittee();
  const { mask, update } = committee.task;
  const clock = systemClock();
  await using root = await testRoot({
    task: { mask, update, clients: { min: CLIENTS, max: 2000 } },
    clock: clock as ManualClock,
    limits: { heldBytes: 1 << 20, inFlightBytes: 4 << 20 },
  });
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => root.app.fetch(request),
  );
  const region = await generateIdentity();
  const peer = createPeer({
    url: `http://127.0.0.1:${server.addr.port}`,
    ...{ fetch: systemFetch, identity: region, clock, random: systemRandom, digest: nodeDigest },
  });
  const { region: to } = await peer.task(root.id);
  await peer.enrol(root.id, { kind: "region", size: CLIENTS, region: to });
  const plan = await planDigest(root.task);
  const as = { region: to };
  const info = await peer.round(root.id, { after: 0, waitS: 60, plan, as });
  assert.ok(info?.kind === "open");
  const sid = await groupSession(info.sid, info.group!);
  const said = { task: root.id, round: 1, sid };
  // A polynomial of zeros: what is in it is for the helpers to find out.
  const parcel = new Uint8Array(16_384);
  const { slices, tree } = await parcelDigest(parcel);
  const identities = (await Promise.all(Array.from({ length: CLIENTS }, () => generateIdentity())))
    .sort((a, b) => a.id < b.id ? -1 : 1);
  // Whoever made them, envelopes are bytes to all but their helpers.
  const envelopes = ENVELOPES.map((length) => systemRandom(length));
  const prove = (identity: Identity) =>
    encodeSubmission({ ...said, identity, digest: tree, envelopes, hash: nodeDigest });
  const members = await membersRoot(
    identities.map(({ id }) => ({ member: id, digest: toHex(tree) })),
  );
  const own = await encodeBundle({
    ...{ ...said, identity: region, digest: tree, clients: CLIENTS, members, count: CLIENTS },
  });
  const whole = concatBytes([own, ...await Promise.all(identities.map(prove))]);
  assert.ok(whole.length > 8 << 20, `${whole.length}`);
  const digest = (await slicesDigest(whole, { sliceBytes: 1 << 20, digest: nodeDigest })).tree;
  const upload = {
    ...{ round: 1, sid: info.sid, clients: CLIENTS, members, parcel, slices, region: to },
  };
  const pieces = (bytes: Uint8Array) =>
    function* () {
      for (let at = 0; at < bytes.length; at += 50_000) yield bytes.subarray(at, at + 50_000);
    };
  const spoilt = whole.slice();
  spoilt[spoilt.length - 1]! ^= 1;
  const send = (bytes: Uint8Array) =>
    peer.putUpdate(root.id, {
      ...upload,
      evidence: { bytes: bytes.length, digest, chunks: pieces(bytes) },
    });
  await assert.rejects(send(spoilt), { code: "digest-mismatch" });
  assert.deepEqual(await root.store.sliceNames(root.id, "evidence/"), []);
  const receipt = await send(whole);
  assert.equal(receipt.clients, CLIENTS);
  const [row] = await root.store.updates(root.id, 1);
  const kept: Uint8Array[] = [];
  for (let index = 0; index < Math.ceil(whole.length / (1 << 20)); index++) {
    const slice = await root.store.slice(root.id, row!.evidence!.name, index);
    assert.ok(slice!.length <= 1 << 20);
    kept.push(slice!);
  }
  assert.equal(
    toHex(nodeDigest(concatBytes(kept)) as Uint8Array),
    toHex(nodeDigest(whole) as Uint8Array),
  );
});
