import assert from "node:assert/strict";
import { concatBytes, fromHex, toBase64, toHex } from "../../src/core/bytes.ts";
import { slicesDigest } from "../../src/core/digest.ts";
import { generateIdentity, type Identity } from "../../src/core/identity.ts";
import { systemRandom } from "../../src/core/random.ts";
import { encodeBundle, NODE_BYTES, submissionBytes } from "../../src/wire/evidence.ts";
import { membersRoot } from "../../src/wire/merkle.ts";
import type { UpdateUpload } from "../../src/wire/peer.ts";
import type { OpenRound } from "../../src/wire/round_info.ts";
import { fillRoute, ROUTES } from "../../src/wire/routes.ts";
import { groupSession, planDigest } from "../../src/wire/session_id.ts";
import { signedHeaders } from "../../src/wire/signing.ts";
import type { Task } from "../../src/wire/task.ts";
import { type UpdateHead, updateHeaders } from "../../src/wire/update_headers.ts";
import { maskedUpload } from "../_masked_testing.ts";
import {
  contentsOf,
  nodeDigest,
  problemCode,
  testPeer,
  type TestRoot,
  testRoot,
} from "../_testing.ts";
import { testCommittee } from "../helper/_testing.ts";
import type { Limits } from "../limits.ts";

const committee = await testCommittee();
const { mask, clients, update } = committee.task;
const ENVELOPES = [114, 114, 114, 8274, 8274];
const EVIDENCE_BYTES = submissionBytes({ envelopes: ENVELOPES });

type Upload = Omit<UpdateUpload, "region">;

interface Opened {
  readonly root: TestRoot;
  readonly round: OpenRound;
  readonly client: Identity;
  readonly region: Identity;
  readonly stranger: Identity;
}

/** A root with an open masked round that a client, another one and a region are in. */
async function opened(limits: Partial<Limits> = {}): Promise<Opened> {
  const task: Partial<Task> = { mask, update, clients: { ...clients, min: 4 } };
  const root = await testRoot({ task, limits });
  const [client, other, region, stranger] = await Promise.all(
    [1, 2, 3, 4].map(() => generateIdentity()),
  ) as [Identity, Identity, Identity, Identity];
  for (const [identity, size] of [[client, 1], [other, 1], [region, 2]] as const) {
    const peer = testPeer(root, identity);
    const { region: to } = await peer.task(root.id);
    await peer.enrol(root.id, { kind: size === 1 ? "client" : "region", size, region: to });
  }
  const as = { region: { id: root.identity.id, publicKey: "" } };
  const plan = await planDigest(root.task);
  const round = await testPeer(root, client).round(root.id, { after: 0, waitS: 60, plan, as });
  if (round?.kind !== "open") throw new Error("no open round");
  return { root, round, client, region, stranger };
}

async function bytesOf({ evidence }: Upload): Promise<Uint8Array<ArrayBuffer>> {
  const parts = await Array.fromAsync(evidence!.chunks());
  return concatBytes(parts);
}

/** The same upload with other evidence. */
async function withEvidence(upload: Upload, bytes: Uint8Array<ArrayBuffer>): Promise<Upload> {
  const { tree } = await slicesDigest(bytes, { sliceBytes: 1 << 20, digest: nodeDigest });
  return { ...upload, evidence: { bytes: bytes.length, digest: tree, chunks: () => [bytes] } };
}

/** The same upload with another parcel. */
async function withParcel(upload: Upload, parcel: Uint8Array<ArrayBuffer>): Promise<Upload> {
  const { slices } = await slicesDigest(parcel, { sliceBytes: 1 << 20, digest: nodeDigest });
  return { ...upload, parcel, slices };
}

interface Sending {
  readonly opened: Opened;
  readonly by: Identity;
  readonly upload: Upload;
  /** Spoils the headers before they are signed. */
  readonly headers?: (headers: Headers) => void;
  /** Spoils them afterwards. */
  readonly after?: (headers: Headers) => void;
  /** Sends another body. */
  readonly body?: (bytes: Uint8Array<ArrayBuffer>) => BodyInit;
}

/** Sends an upload that may be wrong in some way. */
async function send({ opened, by, upload, headers, after, body }: Sending): Promise<Response> {
  const { root } = opened;
  const { parcel, slices, sid, clients, members, evidence } = upload;
  const { tree } = await slicesDigest(parcel, { sliceBytes: 1 << 20, digest: nodeDigest });
  const head: UpdateHead = {
    ...{ bytes: parcel.length, digest: tree, slices, sid, clients, members },
    ...(evidence && { evidence }),
  };
  const path = fillRoute(ROUTES.update, { task: root.id, round: upload.round, member: by.id });
  const url = `http://region.test${path}`;
  const plain = updateHeaders(head);
  headers?.(plain);
  const signed = await signedHeaders({ method: "PUT", url, headers: plain }, {
    ...{ identity: by, region: root.identity.id, clock: root.clock, random: systemRandom },
  });
  after?.(signed);
  const whole = concatBytes([parcel, evidence ? await bytesOf(upload) : new Uint8Array(0)]);
  const request = { method: "PUT", headers: signed, body: body?.(whole) ?? whole };
  return await root.fetch(new Request(url, { ...request, duplex: "half" } as RequestInit));
}

async function uploadOf({ root, round, client }: Opened, identity: Identity = client) {
  return await maskedUpload(root.task, { identity, round, words: [1, 2, 3, 4] });
}

/** What two strangers sent, as their region sends it on. */
async function regionUpload(
  { root, round, region }: Opened,
  change: { readonly signs?: Identity; readonly clients?: number } = {},
): Promise<Upload> {
  const clients = (await Promise.all([1, 2].map(() => generateIdentity())))
    .sort((a, b) => a.id < b.id ? -1 : 1);
  const uploads = await Promise.all(
    clients.map((identity) =>
      maskedUpload(root.task, { identity, round, words: [identity.id.length, 2, 3, 4] })
    ),
  );
  const digests = await Promise.all(
    uploads.map(async ({ parcel }) =>
      (await slicesDigest(parcel, { sliceBytes: 1 << 20, digest: nodeDigest })).tree
    ),
  );
  const members = await membersRoot(
    clients.map(({ id }, at) => ({ member: id, digest: toHex(digests[at]!) })),
  );
  // What a sum is made of is for the helpers to find out: any residues will do.
  const parcel = uploads[0]!.parcel;
  const sid = await groupSession(round.sid, round.group!);
  const own = await encodeBundle({
    ...{ task: root.id, round: round.round, sid, clients: 2, members, count: 2 },
    identity: change.signs ?? region,
    digest: digests[0]!,
  });
  const evidence = concatBytes([own, ...await Promise.all(uploads.map(bytesOf))]);
  return await withEvidence(
    { ...uploads[0]!, parcel, clients: change.clients ?? 2, members },
    evidence,
  );
}

/** Sends, expects a refusal of this code, and that nothing has changed. */
async function refused(code: string, sending: Sending): Promise<void> {
  const { root } = sending.opened;
  const before = await contentsOf(root.store, root.id);
  const response = await send(sending);
  assert.equal(await problemCode(response), code);
  assert.deepEqual(await contentsOf(root.store, root.id), before);
  assert.deepEqual(await root.store.sliceNames(root.id, "evidence/"), []);
  assert.deepEqual(await root.store.sliceNames(root.id, "upload/"), []);
}

/** Both ways to take an upload in. */
const WAYS: readonly (readonly [string, Partial<Limits>])[] = [
  ["in memory", {}],
  ["slice by slice", { heldBytes: 1000, keptBytes: 0 }],
];

for (const [way, limits] of WAYS) {
  Deno.test(`masked upload, ${way}: a client's and a region's are in the sum, and repeats get the same receipt`, async () => {
    const all = await opened(limits);
    const { root, client, region } = all;
    const upload = await uploadOf(all);
    assert.equal(upload.evidence!.bytes, EVIDENCE_BYTES);
    const first = await send({ opened: all, by: client, upload });
    assert.equal(first.status, 201);
    const again = await send({ opened: all, by: client, upload });
    assert.equal(again.status, 200);
    assert.deepEqual(await again.json(), await first.json());
    const sum = await regionUpload(all);
    assert.equal((await send({ opened: all, by: region, upload: sum })).status, 201);
    const rows = await root.store.updates(root.id, 1);
    assert.deepEqual(rows.map(({ clients, group }) => [clients, group]), [[1, 0], [2, 0]]);
    for (const [at, sent] of [upload, sum].entries()) {
      const { name, bytes } = rows[at]!.evidence!;
      assert.equal(bytes, sent.evidence!.bytes);
      assert.deepEqual(
        toHex((await root.store.slice(root.id, name, 0))!),
        toHex(await bytesOf(sent)),
      );
    }
    assert.deepEqual(await root.store.sliceNames(root.id, "upload/"), []);
    await root[Symbol.asyncDispose]();
  });

  Deno.test(`masked upload, ${way}: whatever is wrong has a code of its own, and changes nothing`, async () => {
    const all = await opened(limits);
    const { root, client, region, stranger } = all;
    const upload = await uploadOf(all);
    const own = await bytesOf(upload);
    const sending = (change: Partial<Sending>): Sending => ({
      ...{ opened: all, by: client, upload },
      ...change,
    });
    const spoilt = (at: number, flip = 1) => {
      const bytes = own.slice();
      bytes[at]! ^= flip;
      return withEvidence(upload, bytes);
    };

    // Of another: the evidence is signed by somebody else, or the upload is.
    const foreign = await uploadOf(all, stranger);
    await refused("evidence-refused", sending({ upload: foreign }));
    await refused("member-unknown", sending({ upload: foreign, by: stranger }));
    // Of another parcel: an honest client's envelopes under a parcel that is not theirs.
    const other = await uploadOf(all);
    await refused(
      "evidence-refused",
      sending({ upload: { ...upload, evidence: other.evidence! } }),
    );
    // Another round's or group's, though all else fits.
    const stale = { ...all.round, round: 1, sid: "ab".repeat(32) };
    const old = await maskedUpload(root.task, {
      identity: client,
      round: stale,
      words: [1, 1, 1, 1],
    });
    await refused("evidence-refused", sending({ upload: { ...old, sid: all.round.sid } }));
    await refused("sid-mismatch", sending({ upload: old }));
    // Changed bytes: of the kind, the key, the digest, the signature, and each of the envelopes.
    await refused("evidence-malformed", sending({ upload: await spoilt(0, 3) }));
    for (const at of [1, 40, 70, NODE_BYTES, NODE_BYTES + 300, own.length - 1]) {
      await refused("evidence-refused", sending({ upload: await spoilt(at) }));
    }
    // Envelopes in another order.
    const swapped = concatBytes([
      own.subarray(0, NODE_BYTES),
      own.subarray(NODE_BYTES + 114, NODE_BYTES + 228),
      own.subarray(NODE_BYTES, NODE_BYTES + 114),
      own.subarray(NODE_BYTES + 228),
    ]);
    await refused("evidence-refused", sending({ upload: await withEvidence(upload, swapped) }));
    // Lengths.
    await refused(
      "length-mismatch",
      sending({ upload: await withEvidence(upload, own.slice(0, -1)) }),
    );
    await refused(
      "body-too-long",
      sending({ upload: await withEvidence(upload, concatBytes([own, Uint8Array.of(0)])) }),
    );
    await refused("body-too-short", sending({ body: (bytes) => bytes.slice(0, -1) }));
    await refused(
      "body-too-long",
      sending({ body: (bytes) => concatBytes([bytes, Uint8Array.of(0)]) }),
    );
    // Evidence that arrives other than it was announced.
    await refused(
      "digest-mismatch",
      sending({
        body: (bytes) => {
          bytes[bytes.length - 1]! ^= 1;
          return bytes;
        },
      }),
    );
    // A parcel that holds the prime, which is no residue.
    const beyond = upload.parcel.slice();
    new DataView(beyond.buffer).setUint32(0, 134_176_769, true);
    await refused("residue-out-of-range", sending({ upload: await withParcel(upload, beyond) }));
    // Headers.
    const { evidence: _evidence, ...bare } = upload;
    await refused("evidence-missing", sending({ upload: bare }));
    await refused(
      "digest-missing",
      sending({ headers: (headers) => headers.delete("tributary-evidence-digest") }),
    );
    for (const value of ["x", "01", "-1", `${EVIDENCE_BYTES}, ${EVIDENCE_BYTES}`]) {
      await refused(
        "bad-request",
        sending({ headers: (headers) => headers.set("tributary-evidence", value) }),
      );
    }
    await refused(
      "signature-invalid",
      sending({
        after: (headers) =>
          headers.set("tributary-evidence-digest", `sha-256=:${toBase64(new Uint8Array(32))}:`),
      }),
    );
    // A region that speaks for others than it has.
    const fine = await regionUpload(all);
    const regional = (upload: Upload) => sending({ by: region, upload });
    await refused("evidence-refused", regional(await regionUpload(all, { signs: stranger })));
    await refused("evidence-refused", regional(await regionUpload(all, { clients: 3 })));
    // Evidence of two clients is more than one can have.
    await refused("body-too-long", regional(await regionUpload(all, { clients: 1 })));
    await refused("evidence-refused", regional({ ...fine, members: "cd".repeat(32) }));
    const bundle = await bytesOf(fine);
    const twice = concatBytes([
      bundle.subarray(0, NODE_BYTES + 4),
      bundle.subarray(NODE_BYTES + 4, NODE_BYTES + 4 + EVIDENCE_BYTES),
      bundle.subarray(NODE_BYTES + 4, NODE_BYTES + 4 + EVIDENCE_BYTES),
    ]);
    await refused("member-repeated", regional(await withEvidence(fine, twice)));
    await refused(
      "evidence-malformed",
      regional(await withEvidence(fine, concatBytes([bundle, own.subarray(0, 500)]))),
    );
    await refused("bad-request", sending({ upload: fine }));
    // A client's own evidence does not make it a region.
    await refused("bad-request", regional(upload));

    assert.equal((await send(sending({}))).status, 201);
    await root[Symbol.asyncDispose]();
  });
}

Deno.test("masked upload: as a stream without a length it is taken, as its evidence tells the length", async () => {
  const all = await opened();
  const upload = await uploadOf(all);
  const response = await send({
    ...{ opened: all, by: all.client, upload },
    after: (headers) => headers.delete("content-length"),
    body: (bytes) => new Blob([bytes]).stream(),
  });
  assert.equal(response.status, 201);
  await all.root[Symbol.asyncDispose]();
});

Deno.test("masked upload: another one of the same client is a conflict, and evidence is asked of nobody else", async () => {
  const all = await opened();
  const { root, client } = all;
  assert.equal((await send({ opened: all, by: client, upload: await uploadOf(all) })).status, 201);
  const before = await contentsOf(root.store, root.id);
  const second = await send({ opened: all, by: client, upload: await uploadOf(all) });
  assert.equal(await problemCode(second), "update-conflict");
  assert.deepEqual(await contentsOf(root.store, root.id), before);
  await root[Symbol.asyncDispose]();

  const plain = await testRoot({ task: { clients: { min: 1, max: 10 } } });
  const peer = testPeer(plain, client);
  const { region } = await peer.task(plain.id);
  await peer.enrol(plain.id, { kind: "client", size: 1, region });
  const round = await peer.round(plain.id, {
    after: 0,
    waitS: 60,
    plan: await planDigest(plain.task),
  });
  if (round?.kind !== "open") throw new Error("no open round");
  assert.equal(round.group, undefined);
  const upload = await maskedUpload(plain.task, { identity: client, round, words: [1, 2, 3, 4] });
  assert.equal(upload.evidence, undefined);
  const odd = { opened: { ...all, root: plain, round }, by: client };
  const extra = await withEvidence(upload, new Uint8Array(EVIDENCE_BYTES));
  assert.equal(await problemCode(await send({ ...odd, upload: extra })), "bad-request");
  assert.equal((await send({ ...odd, upload })).status, 201);
  await plain[Symbol.asyncDispose]();
});

Deno.test("masked upload: one that enrols while a masked round is open is not in it", async () => {
  const all = await opened();
  const { root, stranger } = all;
  const peer = testPeer(root, stranger);
  const { region } = await peer.task(root.id);
  await peer.enrol(root.id, { kind: "client", size: 1, region });
  const upload = await uploadOf(all, stranger);
  assert.equal(await problemCode(await send({ opened: all, by: stranger, upload })), "not-asked");
  const roster = await root.store.slice(root.id, "roster/1", 0);
  assert.equal(roster!.length, 3 * 32);
  assert.ok(!toHex(roster!).includes(toHex(fromHex(toHex(stranger.publicKey)))));
  await root[Symbol.asyncDispose]();
});
