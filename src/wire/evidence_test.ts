import assert from "node:assert/strict";
import fc from "fast-check";
import { concatBytes, fromHex, toHex, utf8 } from "../core/bytes.ts";
import { webDigest } from "../core/digest.ts";
import { type ErrorCode, isTributaryError } from "../core/errors.ts";
import { hex32 } from "./_testing.ts";
import { type Proven, provenClient, provenRegion } from "./_evidence_testing.ts";
import { BUNDLE_BYTES, evidenceFor, NODE_BYTES, submissionBytes } from "./evidence.ts";
import { evidenceSource } from "./evidence_source.ts";
import { membersRoot } from "./merkle.ts";
import { envelopesDigest } from "./statement.ts";
import {
  type ProvenClient,
  verifyEvidence,
  type VerifyEvidenceOptions,
} from "./verify_evidence.ts";

const ROUND = { task: hex32(1), round: 3, sid: hex32(2) };
const ENVELOPES = [10, 10, 24];

function check(
  bytes: Uint8Array,
  change: Partial<VerifyEvidenceOptions> = {},
): ReturnType<typeof verifyEvidence> {
  const source = evidenceSource([bytes], bytes.length);
  const options = { ...ROUND, envelopes: ENVELOPES, hash: webDigest, seen: new Set<string>() };
  return verifyEvidence(source, { ...options, ...change });
}

async function refused(
  code: ErrorCode,
  bytes: Uint8Array,
  change: Partial<VerifyEvidenceOptions> = {},
): Promise<void> {
  await assert.rejects(check(bytes, change), (error) => {
    assert.ok(isTributaryError(error, code), String(error));
    return true;
  });
}

/** Two clients at the root's region, one of which has a region of three below it. */
async function tree(): Promise<{ readonly root: Proven; readonly clients: readonly Proven[] }> {
  const clients = await Promise.all([1, 2, 3, 4, 5].map(() => provenClient(ROUND, ENVELOPES)));
  const inner = await provenRegion(ROUND, clients.slice(2));
  return { root: await provenRegion(ROUND, [...clients.slice(0, 2), inner]), clients };
}

Deno.test("evidence: a client's has the bytes that the page says, and signs for just those", async () => {
  const { identity, digest, bytes } = await provenClient(ROUND, ENVELOPES);
  assert.equal(bytes.length, 129 + 44);
  assert.equal(bytes.length, submissionBytes({ envelopes: ENVELOPES }));
  assert.equal(bytes[0], 1);
  assert.deepEqual(bytes.subarray(1, 33), identity.publicKey);
  assert.deepEqual(bytes.subarray(33, 65), digest);
  const tail = bytes.subarray(129);
  const cut = [tail.subarray(0, 10), tail.subarray(10, 20), tail.subarray(20)];
  const envelopes = await envelopesDigest(await Promise.all(cut.map(webDigest)), webDigest);
  const said = JSON.stringify({
    digest: toHex(digest),
    envelopes,
    member: identity.id,
    round: 3,
    sid: ROUND.sid,
    task: ROUND.task,
  });
  const key = await crypto.subtle.importKey(
    "raw",
    Uint8Array.from(identity.publicKey),
    "Ed25519",
    false,
    ["verify"],
  );
  const signed = utf8(`tributary/submission/1\n${said}`);
  assert.ok(await crypto.subtle.verify("Ed25519", key, bytes.slice(65, 129), signed));
});

Deno.test("evidence: a tree proves each client once, and who vouches for whom", async () => {
  const { root, clients } = await tree();
  const met: ProvenClient[] = [];
  const seen = new Set<string>();
  const proof = await check(root.bytes, { visit: (client) => void met.push(client), seen });
  assert.equal(proof.kind, "bundle");
  assert.equal(proof.member, root.identity.id);
  assert.equal(proof.digest, toHex(root.digest));
  assert.equal(proof.clients, 5);
  const byId = (a: string, b: string) => a < b ? -1 : 1;
  assert.deepEqual(
    met.map(({ client, digest }) => [client, toHex(digest)]).sort(),
    clients.map(({ identity, digest }) => [identity.id, toHex(digest)]).sort(),
  );
  for (const { client, envelopes } of met) {
    const { bytes } = clients.find(({ identity }) => identity.id === client)!;
    assert.deepEqual(concatBytes(envelopes), bytes.slice(NODE_BYTES));
  }
  assert.equal(seen.size, 7);
  assert.deepEqual(
    [...seen].filter((id) => clients.some((it) => it.identity.id === id)).sort(byId),
    clients.map((it) => it.identity.id).sort(byId),
  );
});

Deno.test("evidence: a client's own proves it and one client", async () => {
  const { bytes, identity, digest } = await provenClient(ROUND, ENVELOPES);
  const proof = { kind: "submission", member: identity.id, digest: toHex(digest), clients: 1 };
  assert.deepEqual(await check(bytes), proof);
});

Deno.test("evidence: cut into chunks anywhere, it is read the same", async () => {
  const { root } = await tree();
  const expected = await check(root.bytes);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 9 }), async (cuts) => {
      const chunks: Uint8Array[] = [];
      let at = 0;
      for (const length of cuts) chunks.push(root.bytes.subarray(at, at += length));
      chunks.push(root.bytes.subarray(at));
      const source = evidenceSource(chunks, root.bytes.length);
      const options = { ...ROUND, envelopes: ENVELOPES, hash: webDigest, seen: new Set<string>() };
      assert.deepEqual(await verifyEvidence(source, options), expected);
      assert.equal(source.left, 0);
    }),
    { numRuns: 20 },
  );
});

Deno.test("evidence: any byte that is changed is refused", async () => {
  const { root } = await tree();
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: root.bytes.length - 1 }),
      fc.integer({ min: 1, max: 255 }),
      async (at, flip) => {
        const bytes = root.bytes.slice();
        bytes[at]! ^= flip;
        await assert.rejects(
          check(bytes),
          (error) =>
            isTributaryError(error, "evidence-malformed") ||
            isTributaryError(error, "evidence-refused") ||
            isTributaryError(error, "member-repeated"),
        );
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("evidence: of another task, round or group it proves nothing", async () => {
  const { root, clients } = await tree();
  for (const { bytes } of [root, clients[0]!]) {
    await refused("evidence-refused", bytes, { task: hex32(9) });
    await refused("evidence-refused", bytes, { round: 4 });
    await refused("evidence-refused", bytes, { sid: hex32(9) });
  }
});

Deno.test("evidence: envelopes that were swapped between clients are refused", async () => {
  const [one, other] = [
    await provenClient(ROUND, ENVELOPES),
    await provenClient(ROUND, ENVELOPES),
  ];
  const mixed = concatBytes([one.bytes.subarray(0, NODE_BYTES), other.bytes.subarray(NODE_BYTES)]);
  await refused("evidence-refused", mixed);
});

Deno.test("evidence: the same client or region twice is refused, also over several trees", async () => {
  const client = await provenClient(ROUND, ENVELOPES);
  const other = await provenClient(ROUND, ENVELOPES);
  const inner = await provenRegion(ROUND, [client]);
  await refused("member-repeated", (await provenRegion(ROUND, [inner, client])).bytes);
  await refused("member-repeated", (await provenRegion(ROUND, [client, client])).bytes);
  const seen = new Set<string>();
  await check(client.bytes, { seen });
  await check(other.bytes, { seen });
  await refused("member-repeated", client.bytes, { seen });
});

Deno.test("evidence: members out of order are refused, so that a sum has one evidence", async () => {
  const sorted = (await Promise.all([1, 2].map(() => provenClient(ROUND, ENVELOPES))))
    .toSorted((a, b) => a.identity.id < b.identity.id ? 1 : -1);
  const region = await provenRegion(ROUND, sorted);
  const turned = concatBytes([
    region.bytes.subarray(0, BUNDLE_BYTES),
    ...sorted.map(({ bytes }) => bytes),
  ]);
  await refused("evidence-malformed", turned);
});

Deno.test("evidence: a region that leaves a member out, or takes one in, is refused", async () => {
  const clients = (await Promise.all([1, 2, 3].map(() => provenClient(ROUND, ENVELOPES))))
    .toSorted((a, b) => a.identity.id < b.identity.id ? -1 : 1);
  const region = await provenRegion(ROUND, clients);
  const count = (members: number) => Uint8Array.of(members, 0, 0, 0);
  const head = region.bytes.subarray(0, NODE_BYTES);
  await refused(
    "evidence-refused",
    concatBytes([head, count(2), clients[0]!.bytes, clients[1]!.bytes]),
  );
  const two = await provenRegion(ROUND, clients.slice(0, 2));
  await refused(
    "evidence-refused",
    concatBytes([two.bytes.subarray(0, NODE_BYTES), count(3), ...clients.map((it) => it.bytes)]),
  );
});

Deno.test("evidence: counts out of thin air, none, too short and unknown nodes are malformed", async () => {
  const { root, clients } = await tree();
  const counted = (count: number) => {
    const bytes = root.bytes.slice();
    new DataView(bytes.buffer).setUint32(NODE_BYTES, count, true);
    return bytes;
  };
  for (const count of [0, 4, 5000, 0xffffffff]) await refused("evidence-malformed", counted(count));
  for (const length of [0, 1, NODE_BYTES, NODE_BYTES + 3, clients[0]!.bytes.length - 1]) {
    await refused("evidence-malformed", clients[0]!.bytes.subarray(0, length));
  }
  const unknown = clients[0]!.bytes.slice();
  unknown[0] = 3;
  await refused("evidence-malformed", unknown);
});

Deno.test("evidence: regions may nest, but not without end", async () => {
  let at = await provenClient(ROUND, ENVELOPES);
  for (let depth = 0; depth < 16; depth++) at = await provenRegion(ROUND, [at]);
  assert.equal((await check(at.bytes)).clients, 1);
  await refused("evidence-malformed", (await provenRegion(ROUND, [at])).bytes);
});

Deno.test("evidence: a body that ends before its length is too short, not malformed", async () => {
  const { bytes } = await provenClient(ROUND, ENVELOPES);
  const source = evidenceSource([bytes.subarray(0, 150)], bytes.length);
  const options = { ...ROUND, envelopes: ENVELOPES, hash: webDigest, seen: new Set<string>() };
  await assert.rejects(
    verifyEvidence(source, options),
    (error) => isTributaryError(error, "body-too-short"),
  );
});

Deno.test("evidence: what a visitor throws ends the check", async () => {
  const { root } = await tree();
  const full = new RangeError("full");
  await assert.rejects(
    check(root.bytes, {
      visit: () => {
        throw full;
      },
    }),
    full,
  );
});

Deno.test("evidence: a helper's form has its own envelope, and proves the same", async () => {
  const { root, clients } = await tree();
  const whole = await check(root.bytes);
  for (const helper of [1, 2, 3]) {
    const source = evidenceSource([root.bytes], root.bytes.length);
    const parts: Uint8Array[] = [];
    const form = { source, envelopes: ENVELOPES, hash: webDigest };
    for await (const part of evidenceFor(helper, form)) parts.push(part);
    const bytes = concatBytes(parts);
    const own = ENVELOPES[helper - 1]!;
    assert.equal(bytes.length, 5 * (129 + 3 * 32 + own) + 2 * 133);
    const met: ProvenClient[] = [];
    assert.deepEqual(await check(bytes, { helper, visit: (it) => void met.push(it) }), whole);
    const from = ENVELOPES.slice(0, helper - 1).reduce((sum, it) => sum + it, NODE_BYTES);
    for (const { client, envelopes } of met) {
      const { bytes } = clients.find(({ identity }) => identity.id === client)!;
      assert.deepEqual(envelopes, [bytes.slice(from, from + own)]);
    }
    const spoilt = bytes.slice();
    spoilt[spoilt.length - 1]! ^= 1;
    await refused("evidence-refused", spoilt, { helper });
    spoilt.set(bytes);
    spoilt[spoilt.length - own - 1]! ^= 1;
    await refused("evidence-refused", spoilt, { helper });
  }
});

Deno.test("evidence: a region's word is over the Merkle root of its members", async () => {
  const client = await provenClient(ROUND, ENVELOPES);
  const region = await provenRegion(ROUND, [client]);
  const members = await membersRoot([{
    member: client.identity.id,
    digest: toHex(client.digest),
  }]);
  assert.equal((await check(region.bytes)).members, members);
  assert.equal(fromHex(members).length, 32);
});
