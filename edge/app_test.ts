import assert from "node:assert/strict";
import { ERROR_CODES } from "../src/core/errors.ts";
import { generateIdentity } from "../src/core/identity.ts";
import { decodeSafetensors } from "../src/core/safetensors.ts";
import { planDigest } from "../src/wire/session_id.ts";
import {
  contentsOf,
  module,
  nodeDigest,
  openRound,
  parcelOf,
  problemCode,
  sendUpdate,
  sumStrategy,
  testMember,
  testPeer,
  type TestRoot,
  testRoot,
} from "./_testing.ts";
import { admitByToken } from "./access/admission.ts";
import { createAggregatorApp } from "./app.ts";
import type { LogLine } from "./logger.ts";
import { memoryStore } from "./memory/store.ts";

const get = (root: TestRoot, path: string, init: RequestInit = {}) =>
  root.fetch(new Request(`http://region.test${path}`, init));

Deno.test("app: lists its tasks and offers each with who signs receipts", async () => {
  await using root = await testRoot();
  const list = await (await get(root, "/v1/tasks")).json();
  assert.deepEqual(list, { tasks: [{ task: root.id, name: "test" }] });
  const offer = await (await get(root, `/v1/tasks/${root.id}`)).json();
  assert.equal(offer.region.id, root.identity.id);
  assert.deepEqual(offer.task, root.task);
});

Deno.test("app: what is not there, not allowed, or malformed is a problem document", async () => {
  await using root = await testRoot();
  const zeros = "0".repeat(64);
  const cases = [
    ["GET", "/nowhere", 404, "not-found"],
    ["GET", "/v1/tasks/", 404, "not-found"],
    ["GET", "/v1/tasks/../../etc/passwd", 404, "not-found"],
    ["POST", "/v1/tasks", 405, "method-not-allowed"],
    ["DELETE", `/v1/tasks/${root.id}/rounds/1/updates/x`, 405, "method-not-allowed"],
    ["GET", "/v1/tasks/abc", 400, "bad-request"],
    ["GET", `/v1/tasks/${zeros}`, 404, "task-unknown"],
    ["GET", `/v1/tasks/${zeros}/status`, 404, "task-unknown"],
    ["GET", `/v1/tasks/${root.id}/round?after=-1`, 400, "bad-request"],
    ["GET", `/v1/tasks/${root.id}/round?after=1e3`, 400, "bad-request"],
    ["GET", `/v1/tasks/${root.id}/round?wait=61`, 400, "bad-request"],
    ["GET", `/v1/tasks/${root.id}/models/7`, 404, "model-unknown"],
    ["GET", `/v1/tasks/${root.id}/models/01`, 400, "bad-request"],
    ["GET", `/v1/tasks/${root.id}/log?from=x`, 400, "bad-request"],
    ["PUT", `/v1/tasks/${root.id}/members/me`, 400, "bad-request"],
    ["PUT", `/v1/tasks/${root.id}/members/${root.identity.id}`, 401, "signature-missing"],
    ["DELETE", `/v1/tasks/${root.id}/members/${root.identity.id}`, 401, "signature-missing"],
  ] as const;
  for (const [method, path, status, code] of cases) {
    const response = await get(root, path, { method });
    assert.equal(response.headers.get("content-type"), "application/problem+json", path);
    assert.equal(response.status, status, path);
    assert.equal(await problemCode(response), code, path);
  }
  const answer = await get(root, "/v1/tasks", { method: "POST", body: "{}" });
  assert.equal(answer.headers.get("allow"), "GET, HEAD");
  await answer.body?.cancel();
});

Deno.test("app: an unexpected error is told to the log and to nobody else", async () => {
  const lines: LogLine[] = [];
  const store = memoryStore();
  await using root = await testRoot({ store, logger: (line) => void lines.push(line) });
  store.log = () => Promise.reject(new Error("password is hunter2"));
  const response = await get(root, `/v1/tasks/${root.id}/log`);
  assert.equal(response.status, 500);
  const text = await response.text();
  assert.ok(!text.includes("hunter2"));
  assert.equal(JSON.parse(text).code, "internal");
  const failure = lines.find((line) => line.kind === "failure");
  assert.match(String(failure?.error), /hunter2/);
  const request = lines.findLast((line) => line.kind === "request");
  assert.equal(request?.id, response.headers.get("tributary-request"));
  assert.equal(request?.status, 500);
  assert.equal(request?.code, "internal");
});

Deno.test("app: a model comes whole, by range, or not at all if the sender has it", async () => {
  await using root = await testRoot({ words: 4 });
  const path = `/v1/tasks/${root.id}/models/0`;
  const whole = await get(root, path);
  const bytes = new Uint8Array(await whole.arrayBuffer());
  assert.equal(whole.status, 200);
  assert.equal(Number(whole.headers.get("content-length")), bytes.length);
  assert.match(whole.headers.get("cache-control") ?? "", /immutable/);
  assert.deepEqual([...decodeSafetensors(bytes).tensors.w?.data ?? []], [0, 0, 0, 0]);
  const etag = whole.headers.get("etag") ?? "";
  const part = await get(root, path, { headers: { range: "bytes=3-9", "if-range": etag } });
  assert.equal(part.status, 206);
  assert.equal(part.headers.get("content-range"), `bytes 3-9/${bytes.length}`);
  assert.deepEqual(new Uint8Array(await part.arrayBuffer()), bytes.subarray(3, 10));
  const other = await get(root, path, { headers: { range: "bytes=3-9", "if-range": '"x"' } });
  assert.equal((await other.arrayBuffer()).byteLength, bytes.length);
  const same = await get(root, path, { headers: { "if-none-match": etag } });
  assert.equal(same.status, 304);
  const head = await get(root, path, { method: "HEAD" });
  assert.equal(Number(head.headers.get("content-length")), bytes.length);
  const beyond = await get(root, path, { headers: { range: "bytes=9999-" } });
  assert.equal(await problemCode(beyond), "range-not-satisfiable");
  assert.equal(beyond.headers.get("content-range"), `bytes */${bytes.length}`);
});

Deno.test("app: a long poll ends when a round opens, when its time is over, or at the end", async () => {
  await using root = await testRoot({ task: { clients: { min: 2, max: 9 }, stop: { rounds: 1 } } });
  const a = await testMember(root);
  const plan = await planDigest(root.task);
  const poll = (waitS: number, after = 0) => a.peer.round(root.id, { after, waitS, plan });
  assert.equal(await poll(0), undefined);
  const waiting = poll(60);
  const timed = poll(5);
  await Promise.all([a.peer.status(root.id), a.peer.status(root.id)]);
  root.clock.advance(5000);
  assert.equal(await timed, undefined);
  const b = await testMember(root);
  const round = await waiting;
  assert.equal(round?.kind === "open" && round.round, 1);
  const next = poll(60, 1);
  for (const member of [a, b]) await sendUpdate(member, await openRound(a.peer, root.task), PARCEL);
  const end = await next;
  assert.equal(end?.kind, "finished");
  assert.equal(end?.kind === "finished" && end.reason, "rounds");
});

const PARCEL = parcelOf([1, 2, 3, 4]);

Deno.test("app: a poll that hangs up gives its place to another", async () => {
  await using root = await testRoot({
    task: { clients: { min: 2, max: 9 } },
    limits: { waitingPolls: 1, retryAfterS: 9 },
  });
  const path = `/v1/tasks/${root.id}/round?wait=60`;
  const gone = new AbortController();
  const first = get(root, path, { signal: gone.signal });
  await get(root, "/healthz");
  const second = await get(root, path);
  assert.equal(second.status, 503);
  assert.equal(second.headers.get("retry-after"), "9");
  gone.abort();
  assert.equal((await first).status, 204);
  const third = get(root, path);
  root.app.aggregator.endPolls();
  assert.equal((await third).status, 204);
});

Deno.test("app: members join, change size, leave, and are counted", async () => {
  await using root = await testRoot({ task: { clients: { min: 100, max: 1000 } } });
  const a = await testMember(root);
  const { region } = await a.peer.task(root.id);
  const b = { identity: await generateIdentity() };
  const peer = testPeer(root, b.identity);
  await peer.enrol(root.id, { kind: "region", size: 7, region });
  const counts = async () => {
    const { members, size } = await peer.status(root.id);
    return { members, size };
  };
  assert.deepEqual(await counts(), { members: 2, size: 8 });
  await peer.enrol(root.id, { kind: "region", size: 0, region });
  assert.deepEqual(await counts(), { members: 1, size: 1 });
  await a.peer.leave(root.id, { region });
  assert.deepEqual(await counts(), { members: 0, size: 0 });
  await assert.rejects(a.peer.leave(root.id, { region }), { code: "member-unknown" });
});

Deno.test("app: regions cannot claim more clients than a sample is drawn from", async () => {
  await using root = await testRoot({ task: { clients: { min: 100, max: 1000 } } });
  const { region } = await testPeer(root, await generateIdentity()).task(root.id);
  const size = 2 ** 24;
  const enrol = (peer: ReturnType<typeof testPeer>, clients: number) =>
    peer.enrol(root.id, { kind: "region", size: clients, region });
  const claims = 2 ** 31 / size;
  for (let at = 0; at < claims; at++) {
    const peer = testPeer(root, await generateIdentity());
    await enrol(peer, size);
    // A word that it has said before adds nothing.
    if (at === claims - 1) await enrol(peer, size);
  }
  const late = testPeer(root, await generateIdentity());
  await assert.rejects(enrol(late, 1), { code: "member-refused", message: /at most 2147483648/ });
  assert.equal((await late.status(root.id)).size, 2 ** 31);
});

Deno.test("app: a member that leaves is waited for no more", async () => {
  await using root = await testRoot({ task: { clients: { min: 2, max: 9 } } });
  const [a, b, c] = [await testMember(root), await testMember(root), await testMember(root)];
  const round = await openRound(a.peer, root.task);
  await sendUpdate(a, round, PARCEL);
  await sendUpdate(b, round, PARCEL);
  assert.equal((await a.peer.status(root.id)).phase, "open");
  const { region } = await c.peer.task(root.id);
  await c.peer.leave(root.id, { region });
  assert.equal((await openRound(a.peer, root.task, 1)).model.version, 1);
});

Deno.test("app: without the token nobody becomes a member", async () => {
  await using root = await testRoot({ admit: admitByToken("s3cret") });
  const identity = await generateIdentity();
  const peer = testPeer(root, identity);
  const { region } = await peer.task(root.id);
  const before = await contentsOf(root.store, root.id);
  const enrol = (token?: string) =>
    peer.enrol(root.id, { kind: "client", size: 1, region, ...(token ? { token } : {}) });
  await assert.rejects(enrol(), { code: "member-refused" });
  await assert.rejects(enrol("guess"), { code: "member-refused" });
  assert.deepEqual(await contentsOf(root.store, root.id), before);
  assert.equal((await enrol("s3cret")).member, identity.id);
});

Deno.test("app: nobody enrols under another's id, nor with a body too long", async () => {
  await using root = await testRoot();
  const [a, b] = [await generateIdentity(), await generateIdentity()];
  const peer = testPeer(root, { ...a, publicKey: b.publicKey });
  const { region } = await peer.task(root.id);
  await assert.rejects(peer.enrol(root.id, { kind: "client", size: 1, region }), {
    code: "signature-invalid",
  });
  const long = await get(root, `/v1/tasks/${root.id}/members/${a.id}`, {
    method: "PUT",
    headers: { signature: "x=:AA==:", "signature-input": "x=()" },
    body: new Uint8Array(70_000),
  });
  assert.equal(await problemCode(long), "body-too-long");
});

Deno.test("app: the OpenAPI document has every route, and every problem code with its status", async () => {
  await using root = await testRoot();
  const document = await (await get(root, "/openapi.json")).json();
  const routes = Object.entries<
    Record<string, { responses: Record<string, { description: string }> }>
  >(
    document.paths,
  ).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`));
  assert.deepEqual(routes.sort(), [
    "delete /v1/tasks/{task}/members/{member}",
    "delete /v1/tasks/{task}/revocations/{member}",
    "delete /v1/work",
    "get /healthz",
    "get /readyz",
    "get /v1/tasks",
    "get /v1/tasks/{task}",
    "get /v1/tasks/{task}/log",
    "get /v1/tasks/{task}/log/consistency",
    "get /v1/tasks/{task}/log/head",
    "get /v1/tasks/{task}/log/inclusion",
    "get /v1/tasks/{task}/members",
    "get /v1/tasks/{task}/models/{version}",
    "get /v1/tasks/{task}/round",
    "get /v1/tasks/{task}/rounds/{round}/phases/{phase}/{member}",
    "get /v1/tasks/{task}/rounds/{round}/updates/{member}",
    "get /v1/tasks/{task}/status",
    "patch /v1/tasks/{task}/rounds/{round}/updates/{member}",
    "post /v1/tasks/{task}/tickets",
    "put /v1/tasks/{task}/members/{member}",
    "put /v1/tasks/{task}/revocations/{member}",
    "put /v1/tasks/{task}/rounds/{round}/abstentions/{member}",
    "put /v1/tasks/{task}/rounds/{round}/phases/{phase}/{member}",
    "put /v1/tasks/{task}/rounds/{round}/updates/{member}",
    "put /v1/work",
  ]);
  const upload = document.paths["/v1/tasks/{task}/rounds/{round}/updates/{member}"].put;
  const listed = Object.entries<{ description: string }>(upload.responses).flatMap((
    [status, { description }],
  ) => ERROR_CODES.filter((code) => description.includes(code)).map((code) => `${status} ${code}`));
  for (
    const expected of [
      "400 body-too-short",
      "401 request-replayed",
      "403 member-unknown",
      "405 method-not-allowed",
      "409 update-conflict",
      "411 length-required",
      "413 body-too-long",
      "422 digest-mismatch",
      "503 busy",
    ]
  ) assert.ok(listed.includes(expected), expected);
  assert.deepEqual(
    upload.parameters.map((parameter: { name: string }) => parameter.name.toLowerCase()).sort(),
    [
      "content-length",
      "member",
      "round",
      "signature",
      "signature-input",
      "task",
      "tributary-clients",
      "tributary-digest",
      "tributary-evidence",
      "tributary-evidence-digest",
      "tributary-members",
      "tributary-region",
      "tributary-sid",
      "tributary-slices",
    ],
  );
  assert.ok(JSON.stringify(upload.responses["201"]).includes("schema"));
  const enrolment = document.paths["/v1/tasks/{task}/members/{member}"].put;
  const fields = enrolment.parameters.flatMap((
    { in: place, name, required }: { in: string; name: string; required: boolean },
  ) => place === "header" ? [`${name}${required ? "" : "?"}`] : []);
  assert.deepEqual(fields, [
    "Signature",
    "Signature-Input",
    "Tributary-Region",
    "Content-Digest",
    "Authorization?",
  ]);
});

Deno.test("app: until it has taken up its tasks it asks to come back", async () => {
  const store = memoryStore();
  const identity = await generateIdentity();
  let id = "";
  {
    await using root = await testRoot({ store, identity });
    id = root.id;
  }
  const strategy = () => sumStrategy;
  const app = createAggregatorApp({ module, store, identity, strategy, digest: nodeDigest });
  const early = await app.request(`/v1/tasks/${id}`);
  assert.equal(early.status, 503);
  assert.equal(await problemCode(early), "busy");
  await app.aggregator.start();
  assert.equal((await app.request(`/v1/tasks/${id}`)).status, 200);
  await app.aggregator[Symbol.asyncDispose]();
});

Deno.test("app: an enrolment whose body never comes is given up after a while", async () => {
  await using root = await testRoot({ limits: { stallMs: 5000 } });
  const started = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array>({ pull: () => started.resolve() }, {
    highWaterMark: 0,
  });
  const path = `/v1/tasks/${root.id}/members/${root.identity.id}`;
  const headers = { signature: "x", "signature-input": "x" };
  const answer = get(root, path, { method: "PUT", headers, body });
  await started.promise;
  root.clock.advance(5000);
  assert.equal(await problemCode(await answer), "body-too-short");
});

Deno.test("app: a model that the sender has, in whatever form it says so, is not sent again", async () => {
  await using root = await testRoot();
  const path = `/v1/tasks/${root.id}/models/0`;
  const first = await get(root, path);
  await first.body?.cancel();
  const etag = first.headers.get("etag") ?? "";
  for (const tag of [etag, `W/${etag}`, "*", `"other" , ${etag}`]) {
    const answer = await get(root, path, { headers: { "if-none-match": tag } });
    assert.equal(answer.status, 304, tag);
  }
  const other = await get(root, path, { headers: { "if-none-match": '"other"' } });
  assert.equal(other.status, 200);
  await other.body?.cancel();
});
