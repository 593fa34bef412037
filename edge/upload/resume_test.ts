import assert from "node:assert/strict";
import { toHex } from "../../src/core/bytes.ts";
import type { Clock } from "../../src/core/clock.ts";
import { isTributaryError } from "../../src/core/errors.ts";
import type { Fetch } from "../../src/core/fetch.ts";
import { generateIdentity } from "../../src/core/identity.ts";
import { systemRandom } from "../../src/core/random.ts";
import { createPeer, type Peer } from "../../src/wire/peer.ts";
import type { OpenRound } from "../../src/wire/round_info.ts";
import { fillRoute, ROUTES } from "../../src/wire/routes.ts";
import { signedHeaders } from "../../src/wire/signing.ts";
import { updateHeaders, type UploadPiece } from "../../src/wire/update_headers.ts";
import {
  module,
  nodeDigest,
  openRound,
  parcelDigest,
  parcelOf,
  problemCode,
  publishedSums,
  sendUpdate,
  signedUpdate,
  sumDigest,
  type TestMember,
  testMember,
  type TestOptions,
  testPeer,
  type TestRoot,
  testRoot,
} from "../_testing.ts";
import { memoryStore } from "../memory/store.ts";
import { createShard } from "../sum/shard.ts";
import { createSharding } from "../sum/sharding.ts";

const MIB = 1 << 20;
/** 2.4 MB: three slices, the last of which is short. */
const WORDS = 600_000;
const BYTES = WORDS * 4;
const words = (seed: number) =>
  Uint32Array.from({ length: WORDS }, (_, at) => (at * 7 + seed) % 4_000_000);
const PARCEL = parcelOf(words(1));
const OTHER = parcelOf(words(2));

/** Waits between tries are over at once, timeouts never. */
function hasty(root: TestRoot): Clock {
  return {
    now: root.clock.now,
    sleep: (ms, { signal } = {}) =>
      ms < 30_000
        ? Promise.resolve()
        : new Promise((_, reject) =>
          signal?.addEventListener("abort", () => reject(signal.reason), { once: true })
        ),
  };
}

/** A network that breaks off after so many bytes of the next bodies, and counts what went through. */
function brittle(inner: Fetch, breaks: number[]) {
  const sent: { readonly method: string; bytes: number }[] = [];
  const fetch: Fetch = async (request) => {
    if (request.body === null) return await inner(request);
    const body = new Uint8Array(await request.arrayBuffer());
    const upTo = breaks.shift() ?? body.length;
    sent.push({ method: request.method, bytes: Math.min(upTo, body.length) });
    const { method, headers, url } = request;
    const response = await inner(
      new Request(url, { method, headers, body: body.subarray(0, upTo) }),
    );
    if (upTo >= body.length) return response;
    await response.body?.cancel();
    throw new TypeError("the connection is gone");
  };
  return { fetch, sent };
}

interface Opened {
  readonly root: TestRoot;
  readonly round: OpenRound;
  readonly member: TestMember;
  readonly other: TestMember;
}

async function opened(options: TestOptions = {}): Promise<Opened> {
  const { limits, ...others } = options;
  const root = await testRoot({
    ...{ words: WORDS, task: { clients: { min: 2, max: 10 }, roundMs: 600_000 } },
    limits: { heldBytes: 1, ...limits },
    ...others,
  });
  const [member, other] = [await testMember(root), await testMember(root)];
  return { root, member, other, round: await openRound(member.peer, root.task) };
}

/** The same member behind another network, with patience. */
function peerOf({ root, member }: Opened, fetch: Fetch): TestMember {
  const { identity } = member;
  const peer: Peer = createPeer({
    ...{ url: "http://region.test", fetch, identity, clock: hasty(root), random: systemRandom },
    ...{ digest: nodeDigest, retry: { attempts: 4, minMs: 1, maxMs: 1 } },
  });
  return { identity, peer };
}

/** What a piece is of, where it is not a client's {@link PARCEL}. */
interface PieceOptions {
  readonly parcel?: Uint8Array<ArrayBuffer>;
  readonly body?: Uint8Array<ArrayBuffer>;
  /** For how many clients a region says that it is. */
  readonly clients?: number;
}

/** Sends one piece of a parcel as a member that makes its own requests. */
async function sendPiece(
  { root, round, member }: Opened,
  piece: UploadPiece,
  { parcel = PARCEL, body = parcel.subarray(piece.offset, piece.offset + piece.bytes), clients }:
    PieceOptions = {},
): Promise<Response> {
  const { identity } = member;
  const { slices, tree } = await parcelDigest(parcel);
  const path = fillRoute(ROUTES.update, { task: root.id, round: round.round, member: identity.id });
  const url = `http://region.test${path}`;
  const plain = updateHeaders({
    ...{
      bytes: BYTES,
      digest: tree,
      slices,
      sid: round.sid,
      clients: clients ?? 1,
      members: clients === undefined ? undefined : "00".repeat(32),
      piece,
    },
  });
  const signing = { identity, region: root.identity.id, clock: root.clock, random: systemRandom };
  const headers = await signedHeaders({ method: "PATCH", url, headers: plain }, signing);
  return await root.fetch(new Request(url, { method: "PATCH", headers, body }));
}

/** What the aggregator says has arrived. */
async function arrived(
  { root, round, member }: Opened,
  parcel = PARCEL,
  method: "HEAD" | "GET" = "HEAD",
): Promise<[offset: string | null, complete: string | null] | string> {
  const { identity } = member;
  const { tree } = await parcelDigest(parcel);
  const path = fillRoute(ROUTES.update, { task: root.id, round: round.round, member: identity.id });
  const url = `http://region.test${path}?digest=${toHex(tree)}`;
  const signing = { identity, region: root.identity.id, clock: root.clock, random: systemRandom };
  const headers = await signedHeaders({ method, url, headers: new Headers() }, signing);
  const response = await root.fetch(new Request(url, { method, headers }));
  if (!response.ok) return await problemCode(response);
  return [response.headers.get("upload-offset"), response.headers.get("upload-complete")];
}

/** Names that uploads have in the store. */
const stagedIn = ({ root }: Opened) => root.store.sliceNames(root.id, "upload/");

async function sumIs({ root, round }: Opened, at: TestMember, all: readonly Uint32Array[]) {
  const sum = new Uint32Array(WORDS);
  for (const words of all) words.forEach((word, i) => sum[i]! += word);
  await openRound(at.peer, root.task, round.round);
  assert.deepEqual(await publishedSums(at.peer, root.id), [await sumDigest(sum)]);
}

Deno.test("resume: an upload that breaks off goes on after its last whole slice, to the exact sum", async () => {
  const all = await opened();
  await using root = all.root;
  const { fetch, sent } = brittle(root.fetch, [MIB + 5, MIB + 7]);
  const receipt = await sendUpdate(peerOf(all, fetch), all.round, PARCEL);
  assert.equal(receipt.member, all.member.identity.id);
  assert.deepEqual(sent, [
    { method: "PUT", bytes: MIB + 5 },
    { method: "PATCH", bytes: MIB + 7 },
    { method: "PATCH", bytes: BYTES - 2 * MIB },
  ]);
  assert.deepEqual(await stagedIn(all), []);
  await sendUpdate(all.other, all.round, OTHER);
  await sumIs(all, all.other, [words(1), words(2)]);
});

Deno.test("resume: what has arrived is told by HEAD and GET, and whether it is in the sum", async () => {
  const all = await opened();
  await using _root = all.root;
  assert.deepEqual(await arrived(all), ["0", "?0"]);
  await sendPiece(all, { offset: 0, bytes: MIB, isLast: false });
  assert.deepEqual(await arrived(all), [String(MIB), "?0"]);
  assert.deepEqual(await arrived(all, PARCEL, "GET"), [String(MIB), "?0"]);
  assert.deepEqual(await arrived(all, OTHER), ["0", "?0"], "of another parcel nothing is here");
  await sendUpdate(all.member, all.round, PARCEL);
  assert.deepEqual(await arrived(all), [String(BYTES), "?1"]);
  assert.deepEqual(await arrived(all, OTHER, "GET"), "update-conflict");
});

Deno.test("resume: only the member itself is told what of it has arrived", async () => {
  const all = await opened();
  await using root = all.root;
  const path = fillRoute(ROUTES.update, {
    ...{ task: root.id, round: all.round.round, member: all.member.identity.id },
  });
  const url = `http://region.test${path}?digest=${"00".repeat(32)}`;
  assert.equal(await problemCode(await root.fetch(new Request(url))), "signature-missing");
  const signing = {
    ...{ identity: all.other.identity, region: root.identity.id, random: systemRandom },
    clock: root.clock,
  };
  const headers = await signedHeaders({ method: "GET", url, headers: new Headers() }, signing);
  const response = await root.fetch(new Request(url, { headers }));
  assert.equal(await problemCode(response), "signature-invalid");
});

Deno.test("resume: a parcel in pieces, the last of which are empty, is in the sum", async () => {
  const all = await opened();
  await using _root = all.root;
  const offsets: (string | null)[] = [];
  // What is more than whole slices is sent again.
  for (const [offset, bytes] of [[0, MIB + 100], [MIB, MIB], [2 * MIB, BYTES - 2 * MIB]] as const) {
    const response = await sendPiece(all, { offset, bytes, isLast: false });
    assert.equal(response.status, 204, await response.text());
    assert.equal(response.headers.get("upload-complete"), "?0");
    offsets.push(response.headers.get("upload-offset"));
  }
  assert.deepEqual(offsets, [String(MIB), String(2 * MIB), String(BYTES)]);
  const last = await sendPiece(all, { offset: BYTES, bytes: 0, isLast: true });
  assert.equal(last.status, 201, await last.clone().text());
  const again = await sendPiece(all, { offset: BYTES, bytes: 0, isLast: true });
  assert.equal(again.status, 200);
  assert.equal(await again.text(), await last.text(), "the same receipt");
  await sendUpdate(all.other, all.round, OTHER);
  await sumIs(all, all.other, [words(1), words(2)]);
});

for (
  const [sentence, piece, code] of [
    [
      "after more than has arrived",
      { offset: 2 * MIB, bytes: 9, isLast: false },
      "offset-mismatch",
    ],
    ["before what has arrived", { offset: 0, bytes: MIB, isLast: false }, "offset-mismatch"],
    ["in the middle of a slice", { offset: MIB + 4, bytes: 9, isLast: false }, "bad-request"],
    ["after the end", { offset: BYTES + 1, bytes: 0, isLast: true }, "bad-request"],
    ["that is longer than the rest", {
      ...{ offset: MIB, bytes: BYTES, isLast: false },
    }, "body-too-long"],
    ["that ends too early", { offset: MIB, bytes: 9, isLast: true }, "length-mismatch"],
  ] as const
) {
  Deno.test(`resume: a piece ${sentence} is refused as ${code}, and what was there stays`, async () => {
    const all = await opened();
    await using _root = all.root;
    await sendPiece(all, { offset: 0, bytes: MIB, isLast: false });
    const body = new Uint8Array(piece.bytes);
    const response = await sendPiece(all, piece, { body });
    assert.equal(await problemCode(response), code);
    assert.deepEqual(await arrived(all), [String(MIB), "?0"]);
  });
}

Deno.test("resume: a slice of other bytes than announced ends an upload, and nothing of it is kept", async () => {
  const all = await opened();
  await using _root = all.root;
  await sendPiece(all, { offset: 0, bytes: MIB, isLast: false });
  const response = await sendPiece(all, { offset: MIB, bytes: MIB, isLast: false }, {
    body: new Uint8Array(MIB),
  });
  assert.equal(await problemCode(response), "digest-mismatch");
  assert.deepEqual(await arrived(all), ["0", "?0"]);
  assert.deepEqual(await stagedIn(all), []);
});

Deno.test("resume: a region cannot have words checked for many clients, and say it was one", async () => {
  const all = await opened();
  await using root = all.root;
  const identity = await generateIdentity();
  const member = { identity, peer: testPeer(root, identity) };
  const { region } = await member.peer.task(root.id);
  await member.peer.enrol(root.id, { kind: "region", size: 8, region });
  const regional: Opened = { ...all, member };
  const parcel = parcelOf(new Uint32Array(WORDS).fill(100_000_000));
  const whole = { offset: 0, bytes: BYTES, isLast: false };
  const last = { offset: BYTES, bytes: 0, isLast: true };
  const send = async (piece: UploadPiece, clients: number) => {
    const response = await sendPiece(regional, piece, { parcel, clients });
    return response.ok ? response.status : await problemCode(response);
  };
  assert.equal(await send(whole, 1), "update-out-of-range");
  assert.equal(await send(whole, 8), 204);
  assert.equal(await send(last, 1), "offset-mismatch");
  assert.equal(await send(last, 8), 201);
});

Deno.test("resume: whoever knows nothing of it sends all again, and gets its receipt", async () => {
  const all = await opened();
  await using root = all.root;
  await sendPiece(all, { offset: 0, bytes: MIB, isLast: false });
  const { id, clock } = root;
  const { identity } = all.member;
  const region = root.identity.id;
  const upload = { id, round: all.round, region, identity, parcel: PARCEL, clock };
  const { url, headers } = await signedUpdate(upload);
  const response = await root.fetch(new Request(url, { method: "PUT", headers, body: PARCEL }));
  assert.equal(response.status, 201);
  assert.deepEqual(await stagedIn(all), []);
});

Deno.test("resume: a member has one parcel staged: another one takes its place", async () => {
  const all = await opened();
  await using _root = all.root;
  await sendPiece(all, { offset: 0, bytes: 2 * MIB, isLast: false });
  await sendPiece(all, { offset: 0, bytes: MIB, isLast: false }, { parcel: OTHER });
  assert.equal((await stagedIn(all)).length, 1);
  assert.deepEqual(await arrived(all), ["0", "?0"]);
  assert.deepEqual(await arrived(all, OTHER), [String(MIB), "?0"]);
});

Deno.test("resume: no more is kept than there is room for, and who is idle makes room", async () => {
  const all = await opened({ limits: { keptBytes: BYTES } });
  await using root = all.root;
  const others = { ...all, member: all.other };
  const piece = { offset: 0, bytes: MIB, isLast: false };
  assert.equal((await sendPiece(all, piece)).status, 204);
  const refused = await sendPiece(others, piece);
  assert.equal(refused.headers.get("retry-after"), "1");
  assert.equal(await problemCode(refused), "busy");
  root.clock.advance(60_000);
  assert.equal((await sendPiece(others, piece)).status, 204);
  assert.deepEqual(await arrived(all), ["0", "?0"]);
  assert.deepEqual(await arrived(others), [String(MIB), "?0"]);
});

Deno.test("resume: where nothing is kept, an upload that breaks off leaves nothing", async () => {
  const all = await opened({ limits: { keptBytes: 0 } });
  await using root = all.root;
  const { fetch, sent } = brittle(root.fetch, [2 * MIB + 5]);
  await sendUpdate(peerOf(all, fetch), all.round, PARCEL);
  assert.deepEqual(sent.map(({ bytes }) => bytes), [2 * MIB + 5, BYTES]);
  assert.deepEqual(await stagedIn(all), []);
});

Deno.test("resume: what is staged survives the aggregator's end, and goes when its round is over", async () => {
  const store = memoryStore();
  const all = await opened({ store });
  await sendPiece(all, { offset: 0, bytes: 2 * MIB, isLast: false });
  await all.root[Symbol.asyncDispose]();
  await using root = await testRoot({
    ...{ store, identity: all.root.identity, words: WORDS, clock: all.root.clock },
    ...{ task: { clients: { min: 2, max: 10 }, roundMs: 600_000 }, limits: { heldBytes: 1 } },
  });
  const again: Opened = { ...all, root };
  // Signatures of the second in which it died would not be taken.
  root.clock.advance(2000);
  assert.deepEqual(await arrived(again), [String(2 * MIB), "?0"]);
  const { fetch, sent } = brittle(root.fetch, []);
  const resumed = peerOf(again, fetch);
  await sendPiece(again, { offset: 2 * MIB, bytes: 0, isLast: false });
  root.clock.advance(root.task.roundMs);
  await assert.rejects(
    sendUpdate(resumed, all.round, PARCEL),
    (error) => isTributaryError(error, "round-closed") || isTributaryError(error, "round-unknown"),
  );
  assert.deepEqual(sent.map(({ bytes }) => bytes), [BYTES]);
  await openRound(resumed.peer, root.task, all.round.round);
  assert.deepEqual(await stagedIn(again), []);
});

Deno.test("resume: parcels that are cut among accumulators go on where they were, in each of them", async () => {
  const stores = [memoryStore(), memoryStore()];
  const shards = stores.map((store) => createShard({ store, module }));
  const { store, sums } = createSharding(memoryStore(), (at) => shards[at]!);
  const limits = { shardValues: 2 * MIB / 4 };
  const all = await opened({ store, sums, limits });
  await using root = all.root;
  const { fetch, sent } = brittle(root.fetch, [MIB + 5, MIB + 7]);
  await sendUpdate(peerOf(all, fetch), all.round, PARCEL);
  assert.deepEqual(sent.map(({ bytes }) => bytes), [MIB + 5, MIB + 7, BYTES - 2 * MIB]);
  const names = await root.store.sliceNames(root.id, "sum/");
  assert.match(names.join(), /^sum\/1\/[^,]+@2x2$/);
  assert.equal((await stores[1]!.slice(root.id, names[0]!, 0))?.length, BYTES - 2 * MIB);
  assert.equal((await stores[0]!.slice(root.id, names[0]!, 1))?.length, MIB);
  await sendUpdate(all.other, all.round, OTHER);
  await sumIs(all, all.other, [words(1), words(2)]);
  for (const one of stores) assert.deepEqual(await one.sliceNames(root.id, ""), []);
  for (const shard of shards) shard[Symbol.dispose]();
});
