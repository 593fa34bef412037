import assert from "node:assert/strict";
import { generateIdentity, type Identity } from "../../src/core/identity.ts";
import { toBase64 } from "../../src/core/bytes.ts";
import type { OpenRound } from "../../src/wire/round_info.ts";
import {
  contentsOf,
  insideOf,
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

/** A root with an open round that three members are awaited in, and one update in its sum. */
async function openedRoot(options: TestOptions = {}) {
  const root = await testRoot({ task: { clients: { min: 3, max: 10 } }, ...options });
  const members: TestMember[] = [];
  for (let i = 0; i < 3; i++) members.push(await testMember(root));
  const [sender, , other] = members as [TestMember, TestMember, TestMember];
  const round = await openRound(sender.peer, root.task);
  await sendUpdate(other, round, parcelOf([5, 6, 7, 8]));
  return { root, members, sender, other, round };
}

interface Attempt {
  readonly root: TestRoot;
  readonly round: OpenRound;
  readonly identity: Identity;
  readonly parcel?: Uint8Array<ArrayBuffer>;
  readonly body?: BodyInit;
  readonly before?: (headers: Headers) => void;
  readonly after?: (headers: Headers) => void;
}

const PARCEL = parcelOf([1, 2, 3, 4]);

async function attempt(options: Attempt): Promise<Response> {
  const { root, round, identity, parcel = PARCEL, before, after } = options;
  const { id, clock } = root;
  const upload = { id, round, region: root.identity.id, identity, parcel, clock };
  const { url, headers } = await signedUpdate(upload, before);
  after?.(headers);
  const body = options.body ?? parcel;
  return await root.fetch(new Request(url, { method: "PUT", headers, body }));
}

/** Registers a test that an attempt is refused, and changes nothing. */
function refusal(
  sentence: string,
  expected: { readonly status: number; readonly code: string },
  act: (opened: Awaited<ReturnType<typeof openedRoot>>) => Promise<Response>,
  options: TestOptions = {},
): void {
  Deno.test(`upload: ${sentence} is refused as ${expected.code} and changes nothing`, async () => {
    const opened = await openedRoot(options);
    await using root = opened.root;
    const before = await contentsOf(root.store, root.id);
    const response = await act(opened);
    assert.equal(response.headers.get("content-type"), "application/problem+json");
    assert.deepEqual(
      { status: response.status, code: await problemCode(response) },
      expected,
    );
    assert.deepEqual(await contentsOf(root.store, root.id), before);
    assert.equal(insideOf(root.app.aggregator).world.budget.used, 0);
    // Whoever did nothing wrong gets through all the same, to the exact sum.
    const { members: [a, b], round } = opened;
    await sendUpdate(a!, round, parcelOf([1, 1, 1, 1]));
    await sendUpdate(b!, round, parcelOf([2, 2, 2, 2]));
    await openRound(a!.peer, root.task, round.round);
    assert.deepEqual(await publishedSums(a!.peer, root.id), [await sumDigest([8, 9, 10, 11])]);
  });
}

function chunks(...parts: Uint8Array[]): ReadableStream<Uint8Array> {
  return ReadableStream.from(parts);
}

const from = ({ root, round, sender }: Awaited<ReturnType<typeof openedRoot>>) => ({
  root,
  round,
  identity: sender.identity,
});

refusal(
  "a body announced too long",
  { status: 413, code: "body-too-long" },
  (opened) => attempt({ ...from(opened), parcel: parcelOf([1, 2, 3, 4, 5]) }),
);

refusal(
  "a body announced too short",
  { status: 422, code: "length-mismatch" },
  (opened) => attempt({ ...from(opened), parcel: parcelOf([1, 2, 3]) }),
);

refusal(
  "a body that goes on after its length",
  { status: 413, code: "body-too-long" },
  (opened) => attempt({ ...from(opened), body: chunks(PARCEL, Uint8Array.of(0)) }),
);

refusal(
  "a body that ends before its length",
  { status: 400, code: "body-too-short" },
  (opened) => attempt({ ...from(opened), body: chunks(PARCEL.subarray(0, 15)) }),
);

refusal("a body that breaks off", { status: 400, code: "body-too-short" }, (opened) => {
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(PARCEL.subarray(0, 4)),
    pull: (controller) => controller.error(new Error("connection reset")),
  });
  return attempt({ ...from(opened), body });
});

refusal(
  "a body of another digest",
  { status: 422, code: "digest-mismatch" },
  (opened) => attempt({ ...from(opened), body: parcelOf([1, 2, 3, 5]) }),
);

refusal(
  "a word that no client's value rounds to",
  { status: 422, code: "update-out-of-range" },
  (opened) => attempt({ ...from(opened), parcel: parcelOf([1, 2, 3, 2 ** 25 - 1]) }),
);

refusal(
  "a word that would wrap the sum",
  { status: 422, code: "update-out-of-range" },
  (opened) => attempt({ ...from(opened), parcel: parcelOf([2 ** 32 - 1, 2, 3, 4]) }),
);

refusal(
  "a tree digest of other slices",
  { status: 422, code: "digest-mismatch" },
  (opened) =>
    attempt({
      ...from(opened),
      before: (headers) =>
        headers.set("tributary-digest", `sha-256=:${toBase64(new Uint8Array(32))}:`),
    }),
);

refusal(
  "a body without a length",
  { status: 411, code: "length-required" },
  (opened) => attempt({ ...from(opened), after: (headers) => headers.delete("content-length") }),
);

for (const name of ["tributary-digest", "tributary-slices"]) {
  refusal(
    `an update without ${name}`,
    { status: 400, code: "digest-missing" },
    (opened) => attempt({ ...from(opened), after: (headers) => headers.delete(name) }),
  );
}

refusal(
  "an unsigned update",
  { status: 401, code: "signature-missing" },
  (opened) => attempt({ ...from(opened), after: (headers) => headers.delete("signature") }),
);

refusal(
  "an update signed by another",
  { status: 401, code: "signature-invalid" },
  async (opened) => {
    const { root, round, sender, other } = opened;
    const upload = {
      id: root.id,
      round,
      region: root.identity.id,
      parcel: PARCEL,
      clock: root.clock,
    };
    const { headers } = await signedUpdate({ ...upload, identity: other.identity });
    const { url } = await signedUpdate({ ...upload, identity: sender.identity });
    return await root.fetch(new Request(url, { method: "PUT", headers, body: PARCEL }));
  },
);

refusal(
  "an update with a spoilt signature",
  { status: 401, code: "signature-invalid" },
  (opened) =>
    attempt({
      ...from(opened),
      after: (headers) => {
        headers.set("signature", headers.get("signature")!.replace(/:.{4}/, ":AAAA"));
      },
    }),
);

refusal(
  "an update for another aggregator",
  { status: 421, code: "region-changed" },
  (opened) => {
    const { root, round, sender } = opened;
    const elsewhere = { ...root, identity: { ...root.identity, id: sender.identity.id } };
    return attempt({ root: elsewhere, round, identity: sender.identity });
  },
);

refusal(
  "an unknown sender",
  { status: 403, code: "member-unknown" },
  async ({ root, round }) => attempt({ root, round, identity: await generateIdentity() }),
);

refusal("an update from long ago", { status: 401, code: "signature-expired" }, async (opened) => {
  const { root, round, sender } = opened;
  const upload = { id: root.id, round, region: root.identity.id, parcel: PARCEL };
  const clock = { ...root.clock, now: () => root.clock.now() - 600_000 };
  const { url, headers } = await signedUpdate({ ...upload, identity: sender.identity, clock });
  return await root.fetch(new Request(url, { method: "PUT", headers, body: PARCEL }));
});

refusal(
  "another session's update",
  { status: 409, code: "sid-mismatch" },
  (opened) =>
    attempt({ ...from(opened), before: (headers) => headers.set("tributary-sid", "0".repeat(64)) }),
);

refusal(
  "an update for a round to come",
  { status: 404, code: "round-unknown" },
  (opened) => attempt({ ...from(opened), round: { ...opened.round, round: 2 } }),
);

refusal(
  "a second update of the same sender",
  { status: 409, code: "update-conflict" },
  (opened) => attempt({ ...from(opened), identity: opened.other.identity }),
);

refusal(
  "a client that speaks for two",
  { status: 400, code: "bad-request" },
  (opened) =>
    attempt({ ...from(opened), before: (headers) => headers.set("tributary-clients", "2") }),
);

refusal(
  "a body of another length than signed",
  { status: 401, code: "signature-invalid" },
  (opened) =>
    attempt({
      ...from(opened),
      before: (headers) => headers.set("content-length", "15"),
      after: (headers) => headers.set("content-length", "16"),
    }),
);

Deno.test("upload: the same update again, signed anew, gets the same receipt with 200", async () => {
  const opened = await openedRoot();
  await using root = opened.root;
  const first = await attempt(from(opened));
  assert.equal(first.status, 201);
  const receipt = await first.json();
  const before = await contentsOf(root.store, root.id);
  const again = await attempt(from(opened));
  assert.equal(again.status, 200);
  assert.deepEqual(await again.json(), receipt);
  assert.deepEqual(await contentsOf(root.store, root.id), before);
});

Deno.test("upload: the very same request again is a replay", async () => {
  const opened = await openedRoot();
  await using root = opened.root;
  const { round, sender } = opened;
  const { id, clock } = root;
  const { url, headers } = await signedUpdate({
    id,
    round,
    region: root.identity.id,
    identity: sender.identity,
    parcel: PARCEL,
    clock,
  });
  const send = () => root.fetch(new Request(url, { method: "PUT", headers, body: PARCEL }));
  assert.equal((await send()).status, 201);
  const before = await contentsOf(root.store, root.id);
  const replay = await send();
  assert.equal(replay.status, 401);
  assert.equal(await problemCode(replay), "request-replayed");
  assert.deepEqual(await contentsOf(root.store, root.id), before);
});

Deno.test("upload: after the deadline a round is closed, but receipts are still given", async () => {
  const opened = await openedRoot({ task: { clients: { min: 3, max: 10 }, roundMs: 1000 } });
  await using root = opened.root;
  const [a, b] = opened.members as [TestMember, TestMember];
  const receipt = await sendUpdate(a, opened.round, PARCEL);
  root.clock.advance(1000);
  const late = await attempt({ ...from(opened), identity: b.identity });
  assert.equal(late.status, 409);
  assert.equal(await problemCode(late), "round-closed");
  const again = await attempt({ ...from(opened), identity: a.identity });
  assert.deepEqual(await again.json(), receipt);
  // Too few clients: the round is abandoned, the model stays, and the next one has a new sid.
  const next = await openRound(a.peer, root.task, opened.round.round);
  assert.equal(next.model.version, 0);
  assert.notEqual(next.sid, opened.round.sid);
});

Deno.test("upload: a full round takes nobody more", async () => {
  const root = await testRoot({ task: { clients: { min: 1, max: 1 } } });
  await using _root = root;
  const a = await testMember(root);
  const round = await openRound(a.peer, root.task);
  const b = await testMember(root);
  await sendUpdate(a, round, PARCEL);
  const response = await attempt({ root, round, identity: b.identity });
  assert.equal(response.status, 409);
  assert.equal(await problemCode(response), "round-closed");
});

Deno.test("upload: more bytes than may be held at once are turned away as busy", async () => {
  const limits = { inFlightBytes: 16, waitingUploads: 0, retryAfterS: 7 };
  const opened = await openedRoot({ limits });
  await using root = opened.root;
  const [a, b] = opened.members as [TestMember, TestMember];
  const slow = new TransformStream<Uint8Array, Uint8Array>();
  const writer = slow.writable.getWriter();
  const first = attempt({ ...from(opened), identity: a.identity, body: slow.readable });
  await writer.write(PARCEL.subarray(0, 8));
  const before = await contentsOf(root.store, root.id);
  const second = await attempt({ ...from(opened), identity: b.identity });
  assert.equal(second.status, 503);
  assert.equal(second.headers.get("retry-after"), "7");
  assert.equal(await problemCode(second), "busy");
  assert.deepEqual(await contentsOf(root.store, root.id), before);
  await writer.write(PARCEL.subarray(8));
  await writer.close();
  assert.equal((await first).status, 201);
  assert.equal((await attempt({ ...from(opened), identity: b.identity })).status, 201);
});

Deno.test("upload: a body still under way when the round closes is not read any further", async () => {
  const opened = await openedRoot({ task: { clients: { min: 3, max: 10 }, roundMs: 1000 } });
  await using root = opened.root;
  let cancelled = false;
  const waiting = Promise.withResolvers<void>();
  const stuck = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(PARCEL.subarray(0, 4)),
    pull: () => (waiting.resolve(), new Promise(() => {})),
    cancel: () => void (cancelled = true),
  }, { highWaterMark: 0 });
  const response = attempt({ ...from(opened), body: stuck });
  await waiting.promise;
  root.clock.advance(1000);
  assert.equal(await problemCode(await response), "round-closed");
  assert.equal(cancelled, true);
  assert.equal(insideOf(root.app.aggregator).world.budget.used, 0);
});

Deno.test("upload: a stuck body holds up nobody else", async () => {
  const opened = await openedRoot();
  await using _root = opened.root;
  const [a, b] = opened.members as [TestMember, TestMember];
  const slow = new TransformStream<Uint8Array, Uint8Array>();
  const writer = slow.writable.getWriter();
  const first = attempt({ ...from(opened), identity: a.identity, body: slow.readable });
  await writer.write(PARCEL.subarray(0, 8));
  assert.equal((await attempt({ ...from(opened), identity: b.identity })).status, 201);
  await writer.write(PARCEL.subarray(8));
  await writer.close();
  assert.equal((await first).status, 201);
});

Deno.test("upload: who abstains while its body is under way is not in the sum", async () => {
  const opened = await openedRoot();
  await using root = opened.root;
  const [a] = opened.members as [TestMember];
  const slow = new TransformStream<Uint8Array, Uint8Array>();
  const writer = slow.writable.getWriter();
  const answer = attempt({ ...from(opened), identity: a.identity, body: slow.readable });
  await writer.write(PARCEL.subarray(0, 8));
  const { round, sid } = opened.round;
  const { region } = await a.peer.task(root.id);
  await a.peer.abstain(root.id, { round, sid, region });
  await writer.write(PARCEL.subarray(8));
  await writer.close();
  assert.equal(await problemCode(await answer), "update-conflict");
  const { phase } = insideOf(root.app.aggregator).tasks.get(root.id)!.committer.latest.record.round;
  assert.ok(phase.kind === "open");
  // The one update is another's.
  assert.deepEqual([phase.facts.updates, phase.facts.abstained], [1, 1]);
});

Deno.test("upload: two different updates of one sender at once: one of them is in", async () => {
  const opened = await openedRoot();
  await using root = opened.root;
  const [a, b] = opened.members as [TestMember, TestMember];
  const answers = await Promise.all([
    attempt({ ...from(opened), identity: a.identity, parcel: parcelOf([1, 0, 0, 0]) }),
    attempt({ ...from(opened), identity: a.identity, parcel: parcelOf([2, 0, 0, 0]) }),
    attempt({ ...from(opened), identity: a.identity, parcel: parcelOf([1, 0, 0, 0]) }),
  ]);
  // One that is overtaken while it is read is told to come again.
  for (const { status } of answers) assert.ok([200, 201, 409, 503].includes(status), `${status}`);
  const [one, two, three] = answers.map((answer) => answer.ok);
  assert.notEqual(two, one || three);
  await sendUpdate(b, opened.round, parcelOf([0, 0, 0, 0]));
  await openRound(a.peer, root.task, opened.round.round);
  const first = two ? 2 : 1;
  assert.deepEqual(await publishedSums(a.peer, root.id), [await sumDigest([5 + first, 6, 7, 8])]);
});

for (const [how, heldBytes] of [["held in memory", 1 << 20], ["staged in the store", 8]] as const) {
  Deno.test(`upload: 100 at once, ${how}, give 100 receipts and the exact sum`, async () => {
    const count = 100;
    const task = { clients: { min: count, max: count } };
    await using root = await testRoot({ words: 5, task, limits: { heldBytes } });
    const members: TestMember[] = [];
    for (let i = 0; i < count; i++) members.push(await testMember(root));
    const first = members[0]!;
    const round = await openRound(first.peer, root.task);
    const receipts = await Promise.all(
      members.map((member, i) =>
        sendUpdate(member, round, parcelOf([i, i * i, 2 ** 25 - 2, i << 18, 1]))
      ),
    );
    const positions = receipts.map((receipt) => receipt.position).toSorted((a, b) => a - b);
    assert.deepEqual(positions, Array.from({ length: count }, (_, i) => i));
    await openRound(first.peer, root.task, 1);
    const indices = Array.from({ length: count }, (_, i) => i);
    const expected = indices.reduce(
      (sum, i) =>
        sum.map((word, at) => (word + [i, i * i, 2 ** 25 - 2, i << 18, 1][at]!) % 2 ** 32),
      [0, 0, 0, 0, 0],
    );
    assert.deepEqual(await publishedSums(first.peer, root.id), [await sumDigest(expected)]);
    assert.equal(insideOf(root.app.aggregator).world.budget.used, 0);
    const left = await root.store.sliceNames(root.id, "");
    assert.deepEqual(left, ["model/0", "model/1", "shares/2", "state/1", "task"]);
  });
}

Deno.test("upload: the parcel digest that a receipt names is the tree's", async () => {
  const opened = await openedRoot();
  await using _root = opened.root;
  const receipt = await sendUpdate(opened.sender, opened.round, PARCEL);
  const { tree } = await parcelDigest(PARCEL);
  assert.equal(receipt.digest, await sumDigest([1, 2, 3, 4]));
  assert.equal(tree.length, 32);
});

Deno.test("upload: a newer one of the same sender ends the older, and takes its bytes over", async () => {
  const opened = await openedRoot({ limits: { inFlightBytes: PARCEL.length } });
  await using root = opened.root;
  const started = Promise.withResolvers<void>();
  const stuck = new ReadableStream<Uint8Array>({
    pull: () => started.resolve(),
  }, { highWaterMark: 0 });
  const older = attempt({ ...from(opened), body: stuck });
  await started.promise;
  const newer = await attempt(from(opened));
  assert.equal(newer.status, 201);
  await newer.body?.cancel();
  assert.equal(await problemCode(await older), "busy");
  assert.equal(insideOf(root.app.aggregator).world.budget.used, 0);
});

Deno.test("upload: a sender that announces a body and sends none is given up after a while", async () => {
  const opened = await openedRoot({ limits: { stallMs: 5000 } });
  await using root = opened.root;
  const started = Promise.withResolvers<void>();
  const stuck = new ReadableStream<Uint8Array>({
    pull: () => started.resolve(),
  }, { highWaterMark: 0 });
  const upload = attempt({ ...from(opened), body: stuck });
  await started.promise;
  root.clock.advance(5000);
  assert.equal(await problemCode(await upload), "body-too-short");
  assert.equal(insideOf(root.app.aggregator).world.budget.used, 0);
});

Deno.test("upload: how a member's update stands is told to nobody but the member", async () => {
  const opened = await openedRoot();
  await using root = opened.root;
  // The one in the sum already, but for the signature of another.
  const { url } = await signedUpdate({
    ...{ id: root.id, round: opened.round, region: root.identity.id, parcel: PARCEL },
    ...{ identity: opened.other.identity, clock: root.clock },
  });
  const { headers } = await signedUpdate({
    ...{ id: root.id, round: opened.round, region: root.identity.id, parcel: PARCEL },
    ...{ identity: await generateIdentity(), clock: root.clock },
  });
  const answer = await root.fetch(new Request(url, { method: "PUT", headers, body: PARCEL }));
  assert.equal(await problemCode(answer), "signature-invalid");
  const own = await attempt({ ...from(opened), identity: opened.other.identity });
  assert.match(await own.text(), /another one of its sender is in the sum already/);
});

Deno.test("upload: a region speaks for no more clients than it has a share for", async () => {
  const opened = await openedRoot();
  await using root = opened.root;
  const identity = await generateIdentity();
  const peer = testPeer(root, identity);
  const { region } = await peer.task(root.id);
  const enrol = (size: number) => peer.enrol(root.id, { kind: "region", size, region });
  await enrol(2);
  // It has grown too late for this round.
  await enrol(3);
  const { round, sid } = opened.round;
  const { slices } = await parcelDigest(PARCEL);
  const members = "00".repeat(32);
  const put = (clients: number) =>
    peer.putUpdate(root.id, { round, sid, clients, members, parcel: PARCEL, slices, region });
  await assert.rejects(put(3), { code: "bad-request" });
  assert.equal((await put(2)).clients, 2);
});
