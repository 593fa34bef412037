/**
 * What every server does at its sockets, as tests that run over any of them.
 *
 * @module
 */
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
import { type Task, taskId } from "../../src/wire/task.ts";
import {
  openRound,
  parcelOf,
  publishedSums,
  sendUpdate,
  signedUpdate,
  sumDigest,
  type TestMember,
  testTask,
} from "../_testing.ts";

/** Values of the task's update. */
export const WORDS = 50_000;

/** The task that a served root owns. */
export const SERVED_TASK: Task = testTask(WORDS, {
  clients: { min: 2, max: 10 },
  roundMs: 3_600_000,
});

/** The parcel whose words count from `first`. */
export function wordsFrom(first: number): Uint32Array {
  return Uint32Array.from({ length: WORDS }, (_, i) => first + i);
}

/** A root that listens. */
export interface ServedRoot {
  /** Its address. */
  readonly url: string;
  /** Stops it gracefully; once, however often it is called. */
  stop(): Promise<void>;
}

/** Starts a root that owns {@link SERVED_TASK}, with its files in a folder. */
export type StartRoot = (folder: string, options: StartOptions) => Promise<ServedRoot>;

/** What tests choose of a root. */
export interface StartOptions {
  /** How long a stop waits, in milliseconds. */
  readonly graceMs?: number;
  /** How long a body is waited for, in milliseconds. */
  readonly stallMs?: number;
}

/** A second ahead: what is signed in the second in which a server starts has to be signed again. */
function memberClock(): Clock {
  const { sleep } = systemClock();
  return { now: () => Date.now() + 1000, sleep };
}

/** A peer that tries once. */
export function servedPeer(url: string, identity: Identity): Peer {
  const retry = { attempts: 1, minMs: 0, maxMs: 0 };
  const world = { fetch: systemFetch, clock: memberClock(), random: systemRandom };
  return createPeer({ url, identity, retry, ...world });
}

/** Two members, and the round that opens for them. */
export interface Enrolled {
  /** Digest of the task. */
  readonly id: string;
  /** One member. */
  readonly a: TestMember;
  /** The other one. */
  readonly b: TestMember;
  /** Their round. */
  readonly round: OpenRound;
}

/** Enrols two members. */
export async function enrolTwo(url: string): Promise<Enrolled> {
  const id = await taskId(SERVED_TASK);
  const members: TestMember[] = [];
  for (let i = 0; i < 2; i++) {
    const identity = await generateIdentity();
    const peer = servedPeer(url, identity);
    const { region } = await peer.task(id);
    await peer.enrol(id, { kind: "client", size: 1, region });
    members.push({ identity, peer });
  }
  const [a, b] = members;
  if (a === undefined || b === undefined) throw new Error("no members");
  return { id, a, b, round: await openRound(a.peer, SERVED_TASK) };
}

/** Whose upload, and to which round. */
export interface RawUpload {
  /** The server's address. */
  readonly url: string;
  /** The open round. */
  readonly round: OpenRound;
  /** The sender. */
  readonly identity: Identity;
}

/** The head of a signed upload as it goes over the wire; `spoil` may change its lines. */
export async function uploadHead(
  { url, round, identity }: RawUpload,
  parcel: Uint8Array<ArrayBuffer>,
  spoil: (lines: string) => string = (lines) => lines,
): Promise<Uint8Array> {
  const id = round.task;
  const { region } = await servedPeer(url, identity).task(id);
  const clock = memberClock() as never;
  const upload = { id, round, region: region.id, identity, parcel, clock };
  const { url: to, headers } = await signedUpdate(upload);
  const lines = Array.from(headers, ([name, value]) => `${name}: ${value}\r\n`).join("");
  const head = `PUT ${new URL(to).pathname} HTTP/1.1\r\nhost: 127.0.0.1\r\n${spoil(lines)}\r\n`;
  return new TextEncoder().encode(head);
}

/** A connection to a server. */
export async function connectTo(url: string): Promise<Deno.TcpConn> {
  return await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(url).port) });
}

/** Writes all of it. */
export async function writeAll(socket: Deno.Conn, bytes: Uint8Array | string): Promise<void> {
  const all = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
  for (let at = 0; at < all.length;) at += await socket.write(all.subarray(at));
}

/** Reads one answer, whose body has a length or none. */
export async function readAnswer(socket: Deno.Conn): Promise<string> {
  const buffer = new Uint8Array(65_536);
  let text = "";
  for (;;) {
    const read = await socket.read(buffer);
    if (read === null) throw new Error(`hung up after: ${text}`);
    text += new TextDecoder().decode(buffer.subarray(0, read));
    const end = text.indexOf("\r\n\r\n");
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? 0);
    if (end >= 0 && text.length >= end + 4 + length) return text;
  }
}

/** Lets a server read what was sent to it before. */
export async function letRead(url: string): Promise<void> {
  for (let i = 0; i < 3; i++) await (await systemFetch(new Request(`${url}/healthz`))).text();
}

/** Runs a test in a folder of its own. */
export async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "serve-"));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Registers the suite.
 *
 * @param name  What is tested; begins each test's name.
 * @param options How it is started, and whether it cannot be here.
 */
export function testServer(
  name: string,
  { start, ignore = false }: { readonly start: StartRoot; readonly ignore?: boolean },
): void {
  function test(
    sentence: string,
    body: (root: ServedRoot) => Promise<void>,
    options: StartOptions = {},
  ): void {
    Deno.test({
      name: `${name}: ${sentence}`,
      ignore,
      fn: () =>
        inFolder(async (folder) => {
          const root = await start(folder, options);
          try {
            await body(root);
          } finally {
            await root.stop();
          }
        }),
    });
  }

  test("a round over HTTP", async ({ url }) => {
    const { id, a, b, round } = await enrolTwo(url);
    await sendUpdate(a, round, parcelOf(wordsFrom(1)));
    await sendUpdate(b, round, parcelOf(wordsFrom(5)));
    await openRound(a.peer, SERVED_TASK, 1);
    const sum = wordsFrom(1).map((word) => 2 * word + 4);
    assert.deepEqual(await publishedSums(a.peer, id), [await sumDigest(sum)]);
  });

  test("a body in small pieces is taken like any other", async ({ url }) => {
    const { a, round } = await enrolTwo(url);
    const parcel = parcelOf(wordsFrom(1));
    using socket = await connectTo(url);
    socket.setNoDelay();
    const head = await uploadHead({ url, round, identity: a.identity }, parcel);
    const all = new Uint8Array([...head, ...parcel]);
    for (let at = 0; at < all.length; at += 9973) {
      await writeAll(socket, all.subarray(at, at + 9973));
    }
    assert.match(await readAnswer(socket), /^HTTP\/1.1 201 /);
  });

  test("after a refusal the connection goes on, whatever was unread", async ({ url }) => {
    const { a, round } = await enrolTwo(url);
    const parcel = parcelOf(wordsFrom(1));
    using socket = await connectTo(url);
    const wrong = { ...round, sid: "0".repeat(64) };
    await writeAll(socket, await uploadHead({ url, round: wrong, identity: a.identity }, parcel));
    await writeAll(socket, parcel);
    const first = await readAnswer(socket);
    assert.match(first, /^HTTP\/1.1 409 /);
    assert.match(first, /sid-mismatch/);
    await writeAll(socket, await uploadHead({ url, round, identity: a.identity }, parcel));
    await writeAll(socket, parcel);
    assert.match(await readAnswer(socket), /^HTTP\/1.1 201 /);
  });

  test("a body that does not say how long it is, is refused", async ({ url }) => {
    const { a, round } = await enrolTwo(url);
    const parcel = parcelOf(wordsFrom(1));
    using socket = await connectTo(url);
    const chunked = (lines: string) =>
      lines.replace(/content-length: \d+/i, "transfer-encoding: chunked");
    await writeAll(socket, await uploadHead({ url, round, identity: a.identity }, parcel, chunked));
    await writeAll(socket, "4\r\nabcd\r\n0\r\n\r\n");
    const answer = await readAnswer(socket);
    assert.match(answer, /^HTTP\/1.1 411 /);
    assert.match(answer, /length-required/);
  });

  test("a sender that is gone in mid-body leaves nothing, and may come again", async ({ url }) => {
    const { id, a, b, round } = await enrolTwo(url);
    const parcel = parcelOf(wordsFrom(1));
    {
      using socket = await connectTo(url);
      await writeAll(socket, await uploadHead({ url, round, identity: a.identity }, parcel));
      await writeAll(socket, parcel.subarray(0, 100_000));
    }
    await sendUpdate(b, round, parcelOf(wordsFrom(5)));
    assert.equal((await a.peer.status(id)).updates, 1);
    await sendUpdate(a, round, parcel);
    await openRound(a.peer, SERVED_TASK, 1);
    const sum = wordsFrom(1).map((word) => 2 * word + 4);
    assert.deepEqual(await publishedSums(a.peer, id), [await sumDigest(sum)]);
  });

  test("one that has said all and ends its half still gets its answer", async ({ url }) => {
    const { a, round } = await enrolTwo(url);
    const parcel = parcelOf(wordsFrom(1));
    using socket = await connectTo(url);
    await writeAll(socket, await uploadHead({ url, round, identity: a.identity }, parcel));
    await writeAll(socket, parcel);
    await socket.closeWrite();
    assert.match(await readAnswer(socket), /^HTTP\/1.1 201 /);
  });

  test("a stop answers who waits, and finishes an upload that is under way", async (root) => {
    const { url } = root;
    const { id, a, round } = await enrolTwo(url);
    const poll = systemFetch(new Request(`${url}/v1/tasks/${id}/round?after=1&wait=60`));
    const parcel = parcelOf(wordsFrom(1));
    using socket = await connectTo(url);
    await writeAll(socket, await uploadHead({ url, round, identity: a.identity }, parcel));
    await writeAll(socket, parcel.subarray(0, 150_000));
    await letRead(url);
    const stopped = root.stop();
    assert.equal((await poll).status, 204);
    await writeAll(socket, parcel.subarray(150_000));
    assert.match(await readAnswer(socket), /^HTTP\/1.1 201 /);
    await stopped;
  });

  test("a stop hangs up on whoever is stuck, and tells others to come again", async (root) => {
    const { url } = root;
    using stuck = await connectTo(url);
    const path = `/v1/tasks/${await taskId(SERVED_TASK)}/members/${"A".repeat(43)}`;
    const fields = "host: x\r\nsignature: x\r\nsignature-input: x\r\ncontent-length: 500";
    await writeAll(stuck, `PUT ${path} HTTP/1.1\r\n${fields}\r\n\r\n{`);
    using other = await connectTo(url);
    const health = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    await writeAll(other, health);
    assert.match(await readAnswer(other), /^HTTP\/1.1 200 /);
    const stopped = root.stop();
    let refused: string;
    do {
      await writeAll(other, health);
      refused = await readAnswer(other);
    } while (refused.startsWith("HTTP/1.1 200 "));
    assert.match(refused, /^HTTP\/1.1 503 /);
    assert.match(refused, /content-type: application\/problem\+json/i);
    assert.match(refused, /retry-after: 1\r\n/i);
    await stopped;
    // What it got is an end or a reset, but no longer a connection.
    const end = await stuck.read(new Uint8Array(9)).catch(() => null);
    assert.equal(end, null);
  }, { graceMs: 400 });
}
