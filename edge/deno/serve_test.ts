import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import { systemFetch } from "../../src/core/fetch.ts";
import { generateIdentity, type Identity } from "../../src/core/identity.ts";
import { systemRandom } from "../../src/core/random.ts";
import { createPeer, type Peer } from "../../src/wire/peer.ts";
import type { OpenRound } from "../../src/wire/round_info.ts";
import { signTask, taskId } from "../../src/wire/task.ts";
import {
  insideOf,
  openRound,
  parcelOf,
  publishedSums,
  sendUpdate,
  signedUpdate,
  sumDigest,
  sumStrategy,
  testTask,
} from "../_testing.ts";
import type { Limits } from "../limits.ts";
import { loadIdentity } from "../native/identity_file.ts";
import type { ServedAggregator } from "../native/aggregator_server.ts";
import { serveAggregator } from "./serve.ts";

const WORDS = 50_000;
const task = testTask(WORDS, { clients: { min: 2, max: 10 }, roundMs: 3_600_000 });

function wordsOf(first: number): Uint32Array {
  return Uint32Array.from({ length: WORDS }, (_, i) => first + i);
}

/** Runs a test in a folder of its own. */
function inFolder(sentence: string, body: (folder: string) => Promise<void>): void {
  Deno.test(`serve: ${sentence}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "serve-"));
    try {
      await body(folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

async function serveRoot(folder: string, limits: Partial<Limits> = {}): Promise<ServedAggregator> {
  const identity = await loadIdentity(join(folder, "root.key"));
  const root = await serveAggregator({
    store: join(folder, "root.db"),
    identity,
    strategy: () => sumStrategy,
    limits,
  });
  await root.ready;
  const model = { w: { shape: [WORDS], data: new Float32Array(WORDS) } };
  await root.aggregator.own({ signed: await signTask(task, identity), model });
  return root;
}

/** A second ahead: what is signed in the second in which a server starts has to be signed again. */
function memberClock(): Clock {
  const { sleep } = systemClock();
  return { now: () => Date.now() + 1000, sleep };
}

function peerOf(url: string, identity: Identity): Peer {
  const retry = { attempts: 1, minMs: 0, maxMs: 0 };
  return createPeer({
    url,
    identity,
    retry,
    fetch: systemFetch,
    clock: memberClock(),
    random: systemRandom,
  });
}

/** Two members of the round that opens for them. */
async function enrolled(root: ServedAggregator) {
  const id = await taskId(task);
  const members = [];
  for (let i = 0; i < 2; i++) {
    const identity = await generateIdentity();
    const peer = peerOf(root.url, identity);
    const { region } = await peer.task(id);
    await peer.enrol(id, { kind: "client", size: 1, region });
    members.push({ identity, peer });
  }
  const [a, b] = members;
  if (a === undefined || b === undefined) throw new Error("no members");
  return { id, a, b, round: await openRound(a.peer, task) };
}

interface Raw {
  readonly root: ServedAggregator;
  readonly id: string;
  readonly round: OpenRound;
  readonly identity: Identity;
}

/** A signed upload as it goes over the wire. */
async function rawUpload({ root, id, round, identity }: Raw, parcel: Uint8Array<ArrayBuffer>) {
  const { url, headers } = await signedUpdate({
    id,
    round,
    region: root.aggregator.id,
    identity,
    parcel,
    clock: memberClock() as never,
  });
  const lines = Array.from(headers, ([name, value]) => `${name}: ${value}\r\n`).join("");
  const head = `PUT ${new URL(url).pathname} HTTP/1.1\r\nhost: 127.0.0.1\r\n${lines}\r\n`;
  return new TextEncoder().encode(head);
}

async function connect(root: ServedAggregator): Promise<Deno.TcpConn> {
  return await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(root.url).port) });
}

async function writeAll(socket: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await socket.write(bytes.subarray(at));
}

/** Reads one answer whose body has a length. */
async function readAnswer(socket: Deno.Conn): Promise<string> {
  const buffer = new Uint8Array(65_536);
  let text = "";
  for (;;) {
    const read = await socket.read(buffer);
    if (read === null) throw new Error(`hung up after: ${text}`);
    text += new TextDecoder().decode(buffer.subarray(0, read));
    const end = text.indexOf("\r\n\r\n");
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1]);
    if (end >= 0 && text.length >= end + 4 + length) return text;
  }
}

inFolder("a round over HTTP and SQLite, with a restart in the middle of it", async (folder) => {
  let id = "";
  let a: { identity: Identity; peer: Peer };
  let b: typeof a;
  let round: OpenRound;
  {
    await using root = await serveRoot(folder);
    ({ id, a, b, round } = await enrolled(root));
    await sendUpdate(a, round, parcelOf(wordsOf(1)));
  }
  await using root = await serveRoot(folder);

  const again = { identity: b.identity, peer: peerOf(root.url, b.identity) };
  const same = await openRound(again.peer, task);
  assert.equal(same.sid, round.sid);
  await sendUpdate(again, same, parcelOf(wordsOf(5)));
  assert.equal((await openRound(again.peer, task, 1)).model.version, 1);
  const sum = wordsOf(1).map((word) => 2 * word + 4);
  assert.deepEqual(await publishedSums(again.peer, id), [await sumDigest(sum)]);
});

inFolder("a sender that is gone in mid-body leaves nothing, and may come again", async (folder) => {
  await using root = await serveRoot(folder, { inFlightBytes: WORDS * 4, waitingUploads: 1 });
  const { id, a, b, round } = await enrolled(root);
  const parcel = parcelOf(wordsOf(1));
  {
    using socket = await connect(root);
    await writeAll(socket, await rawUpload({ root, id, round, identity: a.identity }, parcel));
    await writeAll(socket, parcel.subarray(0, 100_000));
  }
  // The one before it held all bytes there are: this one waits until they are free again.
  await sendUpdate(b, round, parcelOf(wordsOf(5)));
  assert.equal((await a.peer.status(id)).updates, 1);
  await sendUpdate(a, round, parcel);
  await openRound(a.peer, task, 1);
  const sum = wordsOf(1).map((word) => 2 * word + 4);
  assert.deepEqual(await publishedSums(a.peer, id), [await sumDigest(sum)]);
});

inFolder("after a refusal the connection goes on, whatever was unread", async (folder) => {
  await using root = await serveRoot(folder);
  const { id, a, round } = await enrolled(root);
  const parcel = parcelOf(wordsOf(1));
  using socket = await connect(root);
  const wrong = { ...round, sid: "0".repeat(64) };
  const refused = await rawUpload({ root, id, round: wrong, identity: a.identity }, parcel);
  await writeAll(socket, refused);
  await writeAll(socket, parcel);
  const first = await readAnswer(socket);
  assert.match(first, /^HTTP\/1.1 409 /);
  assert.match(first, /sid-mismatch/);
  await writeAll(socket, await rawUpload({ root, id, round, identity: a.identity }, parcel));
  await writeAll(socket, parcel);
  assert.match(await readAnswer(socket), /^HTTP\/1.1 201 /);
});

inFolder("a body in small pieces is taken like any other", async (folder) => {
  await using root = await serveRoot(folder);
  const { id, a, round } = await enrolled(root);
  const parcel = parcelOf(wordsOf(1));
  using socket = await connect(root);
  socket.setNoDelay();
  const head = await rawUpload({ root, id, round, identity: a.identity }, parcel);
  const all = new Uint8Array([...head, ...parcel]);
  for (let at = 0; at < all.length; at += 9973) await writeAll(socket, all.subarray(at, at + 9973));
  assert.match(await readAnswer(socket), /^HTTP\/1.1 201 /);
});

inFolder("a stop answers who waits, and finishes an upload that is under way", async (folder) => {
  const root = await serveRoot(folder);
  const { id, a, round } = await enrolled(root);
  const poll = systemFetch(new Request(`${root.url}/v1/tasks/${id}/round?after=1&wait=60`));
  const parcel = parcelOf(wordsOf(1));
  using socket = await connect(root);
  await writeAll(socket, await rawUpload({ root, id, round, identity: a.identity }, parcel));
  await writeAll(socket, parcel.subarray(0, 150_000));
  while (insideOf(root.aggregator).world.budget.used === 0) await a.peer.status(id);
  const stopped = root[Symbol.asyncDispose]();
  assert.equal((await poll).status, 204);
  await writeAll(socket, parcel.subarray(150_000));
  assert.match(await readAnswer(socket), /^HTTP\/1.1 201 /);
  await stopped;
  await using again = await serveRoot(folder);
  assert.equal((await peerOf(again.url, a.identity).status(id)).updates, 1);
});

inFolder("a stop does not wait for a stuck sender for ever", async (folder) => {
  const identity = await loadIdentity(join(folder, "root.key"));
  const root = await serveAggregator({
    store: join(folder, "root.db"),
    identity,
    strategy: () => sumStrategy,
    graceMs: 1,
  });
  await root.ready;
  const model = { w: { shape: [WORDS], data: new Float32Array(WORDS) } };
  await root.aggregator.own({ signed: await signTask(task, identity), model });
  const { id, a, round } = await enrolled(root);
  const parcel = parcelOf(wordsOf(1));
  using socket = await connect(root);
  await writeAll(socket, await rawUpload({ root, id, round, identity: a.identity }, parcel));
  await writeAll(socket, parcel.subarray(0, 100));
  while (insideOf(root.aggregator).world.budget.used === 0) await a.peer.status(id);
  await root[Symbol.asyncDispose]();
});

/** The first byte of a body that never comes, of a route that reads it before it knows the sender. */
async function stallEnrolment(root: ServedAggregator): Promise<Deno.TcpConn> {
  const socket = await connect(root);
  const path = `/v1/tasks/${await taskId(task)}/members/${"A".repeat(43)}`;
  const fields = "host: x\r\nsignature: x\r\nsignature-input: x\r\ncontent-length: 500";
  await writeAll(socket, new TextEncoder().encode(`PUT ${path} HTTP/1.1\r\n${fields}\r\n\r\n{`));
  return socket;
}

inFolder("a stop hangs up on whoever is stuck, and tells others to come again", async (folder) => {
  const identity = await loadIdentity(join(folder, "root.key"));
  const options = { store: join(folder, "root.db"), identity, strategy: () => sumStrategy };
  const root = await serveAggregator({ ...options, graceMs: 200 });
  await root.ready;
  const model = { w: { shape: [WORDS], data: new Float32Array(WORDS) } };
  await root.aggregator.own({ signed: await signTask(task, identity), model });
  using stuck = await stallEnrolment(root);
  using other = await connect(root);
  const health = new TextEncoder().encode("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
  await writeAll(other, health);
  assert.match(await readAnswer(other), /^HTTP\/1.1 200 /);
  const stopped = root[Symbol.asyncDispose]();
  await writeAll(other, health);
  const refused = await readAnswer(other);
  assert.match(refused, /^HTTP\/1.1 503 /);
  assert.match(refused, /content-type: application\/problem\+json/i);
  assert.match(refused, /retry-after: 1\r\n/i);
  await stopped;
  // What it got is an end or a reset, but no longer a connection.
  const end = await stuck.read(new Uint8Array(9)).catch(() => null);
  assert.equal(end, null);
});

inFolder("an identity file is made once, for its owner alone, and read again", async (folder) => {
  const path = join(folder, "me.key");
  const [first, again] = [await loadIdentity(path), await loadIdentity(path)];
  assert.equal(first.id, again.id);
  assert.deepEqual(await first.sign(Uint8Array.of(1)), await again.sign(Uint8Array.of(1)));
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
  await Deno.writeTextFile(join(folder, "bad.key"), "no key");
  await assert.rejects(loadIdentity(join(folder, "bad.key")), TypeError);
});
