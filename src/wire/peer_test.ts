import assert from "node:assert/strict";
import { fromHex, toBase64Url, toHex, utf8 } from "../core/bytes.ts";
import { treeDigest, webDigest } from "../core/digest.ts";
import { isTributaryError, TributaryError } from "../core/errors.ts";
import type { Fetch } from "../core/fetch.ts";
import { generateIdentity, webCheckOf } from "../core/identity.ts";
import { countingRandom, hex32, type ManualClock, manualClock, SAMPLE_TASK } from "./_testing.ts";
import { checkContentDigest } from "./content_digest.ts";
import { appendToLog } from "./log.ts";
import { createNonces } from "./nonces.ts";
import { createPeer, isRetryable, type Peer, type PeerOptions } from "./peer.ts";
import { problemOf } from "./problem.ts";
import { signReceipt } from "./receipt.ts";
import type { OpenRound } from "./round_info.ts";
import { planDigest, sessionId } from "./session_id.ts";
import { type SignedKind, verifyRequest } from "./verify_request.ts";
import { signTask, taskId } from "./task.ts";
import { readUpdateHeaders } from "./update_headers.ts";

const [me, owner] = await Promise.all([generateIdentity(), generateIdentity()]);
const region = { id: owner.id, publicKey: toBase64Url(owner.publicKey) };
const TASK = await taskId(SAMPLE_TASK);
const PLAN = await planDigest(SAMPLE_TASK);
const OFFER = { ...await signTask(SAMPLE_TASK, owner), region };
const PATH = `/v1/tasks/${TASK}`;

interface Trial {
  readonly peer: Peer;
  readonly clock: ManualClock;
  readonly requests: Request[];
}

/** A peer in front of these answers, one a request, the last one for all that follow. */
function trial(
  answers: readonly ((request: Request) => Response | Promise<Response>)[],
  options: Partial<PeerOptions> = {},
): Trial {
  const clock = manualClock();
  const requests: Request[] = [];
  const fetch: Fetch = async (request) => {
    requests.push(request);
    const answer = answers[Math.min(requests.length, answers.length) - 1];
    assert.ok(answer !== undefined);
    return await answer(request);
  };
  const peer = createPeer({
    url: "http://r.example/",
    fetch,
    identity: me,
    clock,
    random: countingRandom(),
    retry: { attempts: 1, minMs: 1, maxMs: 1 },
    ...options,
  });
  return { peer, clock, requests };
}

const json = (value: unknown, status = 200) => () => Response.json(value, { status });
const problem = (error: unknown) => () => {
  const { status, headers, problem } = problemOf(error);
  return new Response(JSON.stringify(problem), { status, headers });
};
const code = (expected: string, says: RegExp = /^Cannot /) => (error: unknown) => {
  assert.ok(isTributaryError(error), String(error));
  assert.equal(error.code, expected, error.message);
  assert.match(error.message, says);
  return true;
};

async function openRound(changes: Partial<OpenRound> = {}): Promise<OpenRound> {
  const session = {
    task: TASK,
    round: 4,
    plan: PLAN,
    model: hex32(8),
    roster: hex32(1),
    beacon: hex32(2),
  };
  return {
    kind: "open",
    task: TASK,
    round: 4,
    sid: await sessionId(session),
    roster: session.roster,
    beacon: session.beacon,
    model: { version: 2, digest: session.model, bytes: 10 },
    threshold: 1,
    openedAtMs: 1,
    deadlineMs: 2,
    nowMs: 1,
    ...changes,
  };
}

Deno.test("peer: a task comes checked, and addresses are joined with one slash", async () => {
  const { peer, requests } = trial([json(OFFER)]);
  assert.deepEqual(await peer.task(TASK), OFFER);
  assert.equal(requests[0]?.url, `http://r.example${PATH}`);
  assert.equal(requests[0]?.method, "GET");
});

Deno.test("peer: a task of another name, of another's signature, or a region of another key is refused", async () => {
  const stranger = toBase64Url(me.publicKey);
  for (
    const [offer, expected] of [
      [{ ...OFFER, task: { ...SAMPLE_TASK, name: "x" } }, "task-refused"],
      [{ ...OFFER, owner: stranger }, "task-refused"],
      [{ ...OFFER, region: { ...region, publicKey: stranger } }, "peer-invalid"],
      [{ ...OFFER, extra: 1 }, "peer-invalid"],
      [{}, "peer-invalid"],
    ] as const
  ) {
    await assert.rejects(trial([json(offer)]).peer.task(TASK), code(expected));
  }
});

Deno.test("peer: the lists and figures are read by their schemas", async () => {
  const tasks = { tasks: [{ task: TASK, name: "films" }] };
  assert.deepEqual(await trial([json(tasks)]).peer.tasks(), tasks);
  const status = {
    task: TASK,
    role: "root",
    phase: "open",
    round: 1,
    members: 3,
    size: 3,
    updates: 0,
    clients: 0,
    bytesIn: 0,
    nowMs: 1,
  };
  assert.deepEqual(await trial([json(status)]).peer.status(TASK), status);
  const odd = trial([json({ ...status, phase: "odd" })]).peer.status(TASK);
  await assert.rejects(odd, code("peer-invalid", /at phase/));
});

/** That a request is signed by this peer, for its region, and covers what its kind must. */
async function verify(request: Request, kind: SignedKind, clock: ManualClock): Promise<void> {
  const key = await webCheckOf(me.publicKey);
  await verifyRequest(request, {
    kind,
    member: me.id,
    region: region.id,
    isKnown: true,
    checkOf: () => key,
    clock,
    nonces: createNonces({ clock, windowMs: 1, capacity: 1, perMember: 1 }),
    maxAgeS: 1,
    skewS: 0,
  });
}

Deno.test("peer: enrolling is signed, with a digest of the body, and a token if there is one", async () => {
  const membership = { task: TASK, member: me.id, kind: "client", size: 1, region };
  const { peer, clock, requests } = trial([json(membership)]);
  const options = { kind: "client", size: 1, region } as const;
  assert.deepEqual(await peer.enrol(TASK, { ...options, token: "open sesame" }), membership);
  const [request] = requests;
  assert.ok(request !== undefined);
  assert.equal(request.url, `http://r.example${PATH}/members/${me.id}`);
  assert.equal(request.method, "PUT");
  assert.equal(request.headers.get("authorization"), "Bearer open sesame");
  await checkContentDigest(request.headers, new Uint8Array(await request.clone().arrayBuffer()));
  assert.deepEqual(await request.clone().json(), {
    kind: "client",
    publicKey: toBase64Url(me.publicKey),
    size: 1,
  });
  await verify(request, "json", clock);
  const other = trial([json({ ...membership, member: owner.id })]).peer.enrol(TASK, options);
  await assert.rejects(other, code("peer-invalid", /its member is/));
});

Deno.test("peer: leaving is signed and needs no body", async () => {
  const { peer, requests } = trial([() => new Response(null, { status: 204 })]);
  await peer.leave(TASK, { region });
  assert.equal(requests[0]?.method, "DELETE");
  assert.match(requests[0]?.headers.get("signature-input") ?? "", /"tributary-region"/);
});

Deno.test("peer: a round is checked against the plan; 204 is none yet", async () => {
  const info = await openRound();
  const options = { after: 3, waitS: 20, plan: PLAN };
  const { peer, requests } = trial([json(info), () => new Response(null, { status: 204 })]);
  assert.deepEqual(await peer.round(TASK, options), info);
  assert.equal(requests[0]?.url, `http://r.example${PATH}/round?after=3&wait=20`);
  assert.equal(await peer.round(TASK, options), undefined);
  for (
    const [bad, says] of [
      [await openRound({ sid: hex32(9) }), /sid/],
      [await openRound({ beacon: hex32(9) }), /sid/],
      [await openRound({ task: hex32(9) }), /its task/],
      [{ ...info, kind: "half" }, /at kind/],
    ] as const
  ) {
    await assert.rejects(trial([json(bad)]).peer.round(TASK, options), code("peer-invalid", says));
  }
  const stale = trial([json(info)]).peer.round(TASK, { ...options, after: 4 });
  await assert.rejects(stale, code("peer-invalid", /its round is 4, expected above 4/));
});

Deno.test("peer: who asks for a round as a member signs that, and must hear its share", async () => {
  const share = { clients: 1, enough: 1 };
  const { peer, clock, requests } = trial([
    json(await openRound({ share })),
    json(await openRound()),
    json(await openRound({ share })),
  ]);
  const options = { after: 3, waitS: 20, plan: PLAN, as: { region } };
  const info = await peer.round(TASK, options);
  assert.deepEqual(info?.kind === "open" && info.share, share);
  await assert.rejects(peer.round(TASK, options), code("peer-invalid", /expected a share/));
  await peer.round(TASK, { ...options, as: { region, available: 40 } });
  const query = `${PATH}/round?after=3&wait=20&member=${me.id}`;
  assert.deepEqual(requests.map(({ url }) => url.replace("http://r.example", "")), [
    query,
    query,
    `${query}&available=40`,
  ]);
  const [request] = requests;
  assert.ok(request !== undefined);
  // The signature covers the query, and so who asks.
  assert.match(request.headers.get("signature-input") ?? "", /"@query"/);
  await verify(request, "empty", clock);
});

Deno.test("peer: an abstention is signed, with a digest of the body, and names its session", async () => {
  const { peer, clock, requests } = trial([() => new Response(null, { status: 204 })]);
  await peer.abstain(TASK, { round: 4, sid: hex32(5), region });
  const [request] = requests;
  assert.ok(request !== undefined);
  assert.equal(request.method, "PUT");
  assert.equal(request.url, `http://r.example${PATH}/rounds/4/abstentions/${me.id}`);
  const body = new Uint8Array(await request.clone().arrayBuffer());
  assert.deepEqual(JSON.parse(new TextDecoder().decode(body)), { sid: hex32(5) });
  await checkContentDigest(request.headers, body, webDigest);
  await verify(request, "json", clock);
});

Deno.test("peer: the end of a task is an answer to the long poll", async () => {
  const info = {
    kind: "finished",
    task: TASK,
    round: 3,
    model: { version: 3, digest: hex32(8), bytes: 10 },
    reason: "rounds",
  };
  const { peer } = trial([json(info)]);
  assert.deepEqual(await peer.round(TASK, { after: 3, waitS: 0, plan: PLAN }), info);
});

Deno.test("peer: a model has the length and digest announced, or is invalid", async () => {
  const bytes = utf8("a model");
  const info = { version: 2, bytes: 7, digest: toHex(await webDigest(bytes)) };
  const get = (body: Uint8Array<ArrayBuffer>, announced = info) =>
    trial([() => new Response(body)]).peer.model(TASK, announced);
  assert.deepEqual(await get(bytes), bytes);
  await assert.rejects(get(utf8("a Model")), code("model-invalid"));
  await assert.rejects(get(utf8("a mode")), code("model-invalid", /6 bytes/));
  await assert.rejects(get(new Uint8Array(0)), code("model-invalid", /0 bytes/));
  await assert.rejects(get(utf8("a model!")), code("model-invalid", /at most 7 bytes/));
});

Deno.test("peer: an endless model is cut off at the length announced", async () => {
  let sent = 0;
  let cancelled = false;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += 1000;
      controller.enqueue(new Uint8Array(1000));
    },
    cancel: () => {
      cancelled = true;
    },
  }, { highWaterMark: 0 });
  const info = { version: 2, bytes: 2500, digest: hex32(1) };
  const model = trial([() => new Response(endless)]).peer.model(TASK, info);
  await assert.rejects(model, code("model-invalid"));
  assert.equal(sent, 3000);
  assert.ok(cancelled);
});

Deno.test("peer: an endless JSON answer is cut off", async () => {
  let sent = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += 1 << 20;
      controller.enqueue(new Uint8Array(1 << 20));
    },
  }, { highWaterMark: 0 });
  const tasks = trial([() => new Response(endless)]).peer.tasks();
  await assert.rejects(tasks, code("peer-invalid", /at most 8388608 bytes/));
  assert.equal(sent, 9 << 20);
});

const parcel = new Uint8Array(10).fill(7);
const slices = await Promise.all([parcel.subarray(0, 8), parcel.subarray(8)].map(webDigest));
const tree = toHex(await treeDigest(slices, webDigest));
const UPLOAD = { round: 4, sid: hex32(5), clients: 1, parcel, slices, region };
const RECEIPT = {
  task: TASK,
  round: 4,
  sid: hex32(5),
  member: me.id,
  digest: tree,
  clients: 1,
  position: 0,
  region: owner.id,
};

Deno.test("peer: an update is signed, its headers say what it is, its receipt is checked", async () => {
  const receipt = await signReceipt(RECEIPT, owner);
  const { peer, clock, requests } = trial([json(receipt, 201)]);
  assert.deepEqual(await peer.putUpdate(TASK, UPLOAD), receipt);
  const [request] = requests;
  assert.ok(request !== undefined);
  assert.equal(request.url, `http://r.example${PATH}/rounds/4/updates/${me.id}`);
  assert.deepEqual(await readUpdateHeaders(request.headers, { bytes: 10, sliceBytes: 8 }), {
    bytes: 10,
    digest: fromHex(tree),
    slices,
    sid: hex32(5),
    clients: 1,
    members: undefined,
  });
  const key = await webCheckOf(me.publicKey);
  await verifyRequest(request, {
    kind: "update",
    member: me.id,
    region: owner.id,
    isKnown: true,
    checkOf: () => key,
    clock,
    nonces: createNonces({ clock, windowMs: 1, capacity: 1, perMember: 1 }),
    maxAgeS: 1,
    skewS: 0,
  });
  assert.deepEqual(new Uint8Array(await request.arrayBuffer()), parcel);
});

Deno.test("peer: a receipt for something else, or by someone else, is invalid", async () => {
  for (
    const receipt of [
      await signReceipt({ ...RECEIPT, clients: 2 }, owner),
      await signReceipt({ ...RECEIPT, digest: hex32(9) }, owner),
      await signReceipt(RECEIPT, me),
    ]
  ) {
    const put = trial([json(receipt, 201)]).peer.putUpdate(TASK, UPLOAD);
    await assert.rejects(put, code("receipt-invalid"));
  }
});

Deno.test("peer: over a real connection an update has one Content-Length, which is signed", async () => {
  const seen: (string | null)[] = [];
  const receipt = await signReceipt(RECEIPT, owner);
  const clock = manualClock();
  const key = await webCheckOf(me.publicKey);
  const nonces = createNonces({ clock, windowMs: 1, capacity: 9, perMember: 9 });
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const options = { kind: "update", member: me.id, region: owner.id } as const;
    const checks = { isKnown: true, checkOf: () => key, clock, nonces, maxAgeS: 1, skewS: 0 };
    await verifyRequest(request, { ...options, ...checks });
    seen.push(request.headers.get("content-length"), request.headers.get("transfer-encoding"));
    await request.arrayBuffer();
    return Response.json(receipt, { status: 201 });
  });
  const peer = createPeer({
    url: `http://127.0.0.1:${server.addr.port}`,
    fetch,
    identity: me,
    clock,
    random: countingRandom(),
    retry: { attempts: 1, minMs: 1, maxMs: 1 },
  });
  assert.deepEqual(await peer.putUpdate(TASK, UPLOAD), receipt);
  assert.deepEqual(seen, ["10", null]);
  await server.shutdown();
  await assert.rejects(peer.putUpdate(TASK, UPLOAD), code("peer-unreachable"));
});

Deno.test("peer: a page of the log runs on from where it was asked for", async () => {
  const created = {
    kind: "created",
    model: { version: 0, digest: hex32(1), bytes: 1 },
  } as const;
  const first = await appendToLog(created, {
    last: undefined,
    task: TASK,
    atMs: 1,
    identity: owner,
  });
  const second = await appendToLog(created, { last: first, task: TASK, atMs: 1, identity: owner });
  const page = { entries: [second], next: 2 };
  const { peer, requests } = trial([json(page)]);
  assert.deepEqual(await peer.log(TASK, { from: 1 }), page);
  assert.equal(requests[0]?.url, `http://r.example${PATH}/log?from=1`);
  await assert.rejects(peer.log(TASK, { from: 0 }), code("peer-invalid", /its seq is 1/));
  const skipping = trial([json({ ...page, next: 9 })]).peer.log(TASK, { from: 1 });
  await assert.rejects(skipping, code("peer-invalid", /its next is 9, expected 2/));
});

Deno.test("peer: what the other side refused comes back as it was said", async () => {
  const closed = new TributaryError("round-closed", "Cannot take it: round 4 is sealed");
  const put = trial([problem(closed)]).peer.putUpdate(TASK, UPLOAD);
  await assert.rejects(put, code("round-closed", /round 4 is sealed/));
});

Deno.test("peer: other answers than the protocol's are invalid, a gateway's are unreachable", async () => {
  for (
    const [response, expected] of [
      [new Response("<html>", { status: 404 }), "peer-invalid"],
      [new Response("<html>", { status: 200 }), "peer-invalid"],
      [new Response(null, { status: 302, headers: { location: "/elsewhere" } }), "peer-invalid"],
      [new Response("bad gateway", { status: 502 }), "peer-unreachable"],
      [new Response(null, { status: 504 }), "peer-unreachable"],
      [new Response("slow down", { status: 429 }), "peer-unreachable"],
    ] as const
  ) {
    await assert.rejects(trial([() => response]).peer.tasks(), code(expected));
  }
});

Deno.test("peer: a connection that breaks is unreachable, before and within the body", async () => {
  const refusing = trial([() => Promise.reject(new TypeError("connection refused"))]);
  await assert.rejects(refusing.peer.tasks(), code("peer-unreachable"));
  const broken = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(utf8('{"tasks"'));
      controller.error(new TypeError("reset"));
    },
  });
  const halfway = trial([() => new Response(broken)]);
  await assert.rejects(halfway.peer.tasks(), code("peer-unreachable"));
});

Deno.test("peer: a refusal that breaks off says nothing, so that it is asked for again", async () => {
  const broken = () =>
    new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(utf8('{"code":"round-')),
      pull: (controller) => controller.error(new TypeError("reset")),
    });
  const { peer } = trial([() => new Response(broken(), { status: 409 })]);
  await assert.rejects(peer.tasks(), code("peer-unreachable"));
});

/** Yields until something is the case, which takes as long as the platform's cryptography does. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("peer: no answer in time is unreachable, by the clock it was given", async () => {
  const { peer, clock, requests } = trial([() => new Promise(() => {})], { timeoutMs: 5000 });
  const tasks = peer.tasks();
  const refused = assert.rejects(tasks, code("peer-unreachable", /no answer in 5000 ms/));
  await until(() => requests.length === 1);
  clock.advance(4999);
  assert.equal(requests[0]?.signal.aborted, false);
  clock.advance(1);
  await refused;
  assert.equal(requests[0]?.signal.aborted, true);
  assert.equal(clock.sleepers, 0);
});

Deno.test("peer: a long poll may take its wait longer", async () => {
  const { peer, clock, requests } = trial([() => new Promise(() => {})], { timeoutMs: 5000 });
  const polled = peer.round(TASK, { after: 0, waitS: 20, plan: PLAN });
  const refused = assert.rejects(polled, code("peer-unreachable", /25000 ms/));
  await until(() => requests.length === 1);
  clock.advance(25_000);
  await refused;
});

Deno.test("peer: a body that stops halfway runs out of time too", async () => {
  const stuck = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(utf8("{")),
  });
  const { peer, clock } = trial([() => new Response(stuck)], { timeoutMs: 5000 });
  const refused = assert.rejects(peer.tasks(), code("peer-unreachable"));
  await until(() => stuck.locked);
  clock.advance(5000);
  await refused;
});

Deno.test("peer: a fetch that ends with the signal in its own words gives the reason all the same", async () => {
  const { peer, clock, requests } = trial([
    (request) =>
      new Promise((_, reject) => {
        request.signal.addEventListener("abort", () => reject(new TypeError("aborted")));
      }),
  ], { timeoutMs: 5000 });
  const refused = assert.rejects(peer.tasks(), code("peer-unreachable", /no answer in 5000 ms/));
  await until(() => requests.length === 1);
  clock.advance(5000);
  await refused;
});

Deno.test("peer: no timer outlives its call", async () => {
  const { peer, clock } = trial([json({ tasks: [] })]);
  await peer.tasks();
  assert.equal(clock.sleepers, 0);
});

Deno.test("peer: a caller's abort ends the call with its reason", async () => {
  const { peer, requests, clock } = trial([() => new Promise(() => {})]);
  const stop = new AbortController();
  const polled = peer.round(TASK, { after: 0, waitS: 20, plan: PLAN, signal: stop.signal });
  const refused = assert.rejects(polled, /enough/);
  await until(() => requests.length === 1);
  stop.abort(new Error("enough"));
  await refused;
  assert.equal(requests[0]?.signal.aborted, true);
  assert.equal(clock.sleepers, 0);
  await assert.rejects(peer.tasks({ signal: stop.signal }), /enough/);
  assert.equal(requests.length, 1);
});

Deno.test("peer: what may pass is tried again, signed anew, and waits as long as it is asked to", async () => {
  const receipt = await signReceipt(RECEIPT, owner);
  const busy = new TributaryError("busy", "Cannot take it: full", { retryAfterS: 3 });
  const { peer, clock, requests } = trial(
    [problem(busy), () => Promise.reject(new TypeError("reset")), json(receipt, 201)],
    { retry: { attempts: 3, minMs: 100, maxMs: 1000 } },
  );
  const put = peer.putUpdate(TASK, UPLOAD);
  // A shorter sleep than the request's own time limit is the wait before the next try.
  await until(() => requests.length === 1 && clock.nextMs < 30_000);
  assert.ok(clock.nextMs >= 3000 && clock.nextMs <= 3100, String(clock.nextMs));
  clock.advance(clock.nextMs);
  await until(() => requests.length === 2 && clock.nextMs < 30_000);
  assert.ok(clock.nextMs <= 200, String(clock.nextMs));
  clock.advance(clock.nextMs);
  assert.deepEqual(await put, receipt);
  const signatures = requests.map(({ headers }) => headers.get("signature-input"));
  assert.equal(new Set(signatures).size, 3);
});

Deno.test("peer: what will not pass is not tried again", async () => {
  for (const code of ["round-closed", "update-conflict", "signature-invalid"] as const) {
    const { peer, requests } = trial([problem(new TributaryError(code, "Cannot: no"))], {
      retry: { attempts: 5, minMs: 1, maxMs: 1 },
    });
    await assert.rejects(peer.putUpdate(TASK, UPLOAD), (error) => isTributaryError(error, code));
    assert.equal(requests.length, 1);
  }
});

Deno.test("peer: which errors are worth another try", () => {
  const passes = [
    ...["busy", "too-many-requests", "peer-unreachable", "internal", "store-failed"] as const,
    ...["body-too-short", "request-replayed"] as const,
  ];
  for (const code of passes) assert.ok(isRetryable(new TributaryError(code, "x")));
  for (const code of ["model-invalid", "core-trap", "member-refused"] as const) {
    assert.ok(!isRetryable(new TributaryError(code, "x")));
  }
  assert.ok(!isRetryable(new TributaryError("signature-expired", "x")));
  assert.ok(isRetryable(new TributaryError("signature-expired", "x", { retryAfterS: 1 })));
  assert.ok(!isRetryable(new Error("busy")));
});
