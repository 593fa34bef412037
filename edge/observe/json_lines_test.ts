import assert from "node:assert/strict";
import { toBase64, toBase64Url, toHex } from "../../src/core/bytes.ts";
import { TributaryError } from "../../src/core/errors.ts";
import { generateIdentity } from "../../src/core/identity.ts";
import { manualClock } from "../../src/wire/_testing.ts";
import {
  module,
  nodeDigest,
  openRound,
  parcelOf,
  sendUpdate,
  testMember,
  testPeer,
  testRoot,
} from "../_testing.ts";
import { admitByToken } from "../access/admission.ts";
import { createAggregatorApp } from "../app.ts";
import { memoryStore } from "../memory/store.ts";
import { jsonLines, prometheus } from "./mod.ts";

/** A logger and the objects that it has written. */
function keptLines() {
  const clock = manualClock(Date.UTC(2026, 0, 2, 3, 4, 5, 6));
  const lines: string[] = [];
  const logger = jsonLines({ clock, write: (line) => void lines.push(line) });
  return { logger, lines, objects: () => lines.map((line) => JSON.parse(line)) };
}

Deno.test("json log: a line is one object with its time, its level and what it says", () => {
  const { logger, lines, objects } = keptLines();
  logger({ kind: "write", task: "ab", jobs: 3, ms: 2 });
  logger({
    ...{ kind: "request", id: "0123456789abcdef", method: "GET", path: "/x\n{}", status: 404 },
    ...{ ms: 1, code: "not-found" },
  });
  const time = "2026-01-02T03:04:05.006Z";
  assert.deepEqual(objects(), [
    { time, level: "info", kind: "write", task: "ab", jobs: 3, ms: 2 },
    {
      ...{ time, level: "info", kind: "request", method: "GET", path: "/x\n{}", status: 404 },
      ...{ ms: 1, code: "not-found", request: "0123456789abcdef" },
    },
  ]);
  for (const line of lines) assert.ok(!line.includes("\n"));
});

Deno.test("json log: errors say what failed and why, without passwords of addresses", () => {
  const { logger, objects } = keptLines();
  const cause = new Error("connect to postgres://me:s3cret@db/x failed");
  const error = new TributaryError("store-failed", "Cannot read: no answer", { cause });
  logger({ kind: "failure", doing: "following https://user:pass@root.example/", error });
  logger({ kind: "failure", doing: "serving", error: new TypeError("odd") });
  logger({ kind: "failure", doing: "serving", error: "just text" });
  const [ours, other, text] = objects();
  assert.equal(ours.level, "error");
  assert.equal(ours.doing, "following https://root.example/");
  assert.deepEqual(ours.error, {
    ...{ code: "store-failed", message: "Cannot read: no answer" },
    cause: "connect to postgres://db/x failed",
  });
  assert.deepEqual([other.error.name, other.error.message], ["TypeError", "odd"]);
  assert.match(other.error.stack, /json_lines_test\.ts/);
  assert.deepEqual(text.error, { message: "just text" });
});

Deno.test("json log: of a tree at work it has every request, and nothing that is secret or was sent", async () => {
  const { logger, lines, objects } = keptLines();
  const words = [29_014_274, 12_245_933, 31_337_042, 27_182_818];
  const secrets = { join: "join-s3cret", parent: "par3nt-s3cret", operator: "op-s3cret" };
  await using root = await testRoot({
    ...{ logger, admit: admitByToken(secrets.join, secrets.parent) },
    observers: [prometheus({ token: secrets.operator })],
    task: { stop: { rounds: 2 }, clients: { min: 1, max: 9 } },
  });
  const region = createAggregatorApp({
    ...{ module, digest: nodeDigest, clock: root.clock, logger, store: memoryStore() },
    identity: await generateIdentity(),
    fetch: root.fetch,
    parent: { url: "http://user:p4ssword@root.test", token: secrets.parent },
  });
  await region.aggregator.start();
  const reached = { ...root, fetch: async (request: Request) => await region.fetch(request) };
  const seen: string[] = [];
  const fetch: typeof root.fetch = async (request) => {
    for (const [name, value] of request.headers) {
      if (/signature|authorization|digest/i.test(name)) seen.push(value);
    }
    return await reached.fetch(request);
  };
  const member = await testMember({ ...reached, fetch });
  const round = await openRound(member.peer, root.task);
  await sendUpdate(member, round, parcelOf(words));
  await openRound(member.peer, root.task, 1);
  // What is refused is told as a code, not as what was in it.
  const bad = { method: "PUT", body: JSON.stringify({ publicKey: "pl4intext", kind: "spy" }) };
  await region.request(`/v1/tasks/${root.id}/members/${member.identity.id}?token=qu3ry`, bad);
  await root.app.request("/metrics", { headers: { authorization: `Bearer ${secrets.operator}` } });
  const stranger = testPeer(root, await generateIdentity());
  const { region: party } = await stranger.task(root.id);
  const claim = { kind: "client", size: 1, region: party, token: "gu3ssed" } as const;
  await assert.rejects(stranger.enrol(root.id, claim), { code: "member-refused" });
  await region.aggregator[Symbol.asyncDispose]();

  const kinds = new Set(objects().map(({ kind }) => kind));
  for (const kind of ["request", "upload", "write", "round", "forward"]) assert.ok(kinds.has(kind));
  const requests = objects().filter(({ kind }) => kind === "request");
  for (const { request } of requests) assert.match(request, /^[0-9a-f]{16}$/);
  const uploads = objects().filter(({ kind }) => kind === "upload");
  assert.deepEqual(uploads.map(({ member, clients }) => [member, clients]), [
    ["client", 1],
    ["region", 1],
  ]);
  // The upload's line and its request's have one id.
  for (const { request } of uploads) assert.ok(requests.some((one) => one.request === request));

  const text = lines.join("\n");
  const parcel = parcelOf(words);
  const model = new Uint8Array(Float32Array.from(words).buffer);
  for (
    const secret of [
      ...[...Object.values(secrets), "p4ssword", "gu3ssed", "qu3ry", "pl4intext"],
      ...[toHex(parcel), toBase64(parcel).slice(0, 16), toBase64Url(parcel).slice(0, 16)],
      ...[toHex(model), toBase64(model).slice(0, 16), ...words.map(String)],
      ...seen,
    ]
  ) assert.ok(!text.includes(secret), `the log has ${secret}`);
  assert.ok(seen.length > 5);
});
