/**
 * What the tests of this folder share: a small task, an aggregator in the same process, and members
 * that speak to it.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { toHex } from "../src/core/bytes.ts";
import type { Clock } from "../src/core/clock.ts";
import { type Digest, type SlicesDigest, slicesDigest } from "../src/core/digest.ts";
import type { Fetch } from "../src/core/fetch.ts";
import { generateIdentity, type Identity } from "../src/core/identity.ts";
import { systemRandom } from "../src/core/random.ts";
import type { Strategy } from "../src/strategy/strategy.ts";
import { inlineModule } from "../src/wasm/inline.ts";
import { manualClock } from "../src/wire/_testing.ts";
import { createPeer, type Peer } from "../src/wire/peer.ts";
import type { Receipt } from "../src/wire/receipt.ts";
import type { OpenRound } from "../src/wire/round_info.ts";
import { fillRoute, ROUTES } from "../src/wire/routes.ts";
import { planDigest } from "../src/wire/session_id.ts";
import { signedHeaders } from "../src/wire/signing.ts";
import { signTask, type Task, taskId } from "../src/wire/task.ts";
import { updateHeaders } from "../src/wire/update_headers.ts";
import type { Aggregator, InnerAggregator } from "./aggregator.ts";
import { type AggregatorApp, aggregatorApp, type AggregatorAppOptions } from "./app.ts";
import { memoryStore } from "./memory/store.ts";
import type { RoundStore } from "./store.ts";
import { createSums, type SumsOf } from "./sum/sums.ts";
import type { TaskRecord } from "./task/task_state.ts";

/** SHA-256 by the platform. */
export const nodeDigest: Digest = (bytes) =>
  new Uint8Array(createHash("sha256").update(bytes).digest());

/** Digests of a parcel that is not masked. */
export async function parcelDigest(parcel: Uint8Array): Promise<SlicesDigest> {
  return await slicesDigest(parcel, { sliceBytes: 1 << 20, digest: nodeDigest });
}

/** The compiled core. */
export const module: WebAssembly.Module = await inlineModule("aggregate");

/** A task over one tensor of so many values. */
export function testTask(words: number, change: Partial<Task> = {}): Task {
  return {
    version: 1,
    name: "test",
    model: { kind: "test" },
    train: {},
    strategy: { kind: "test" },
    update: {
      slotBits: 32,
      tensors: [{ name: "w", shape: [words], range: 1 }],
      clip: null,
      weightCap: null,
    },
    mask: { kind: "none" },
    clients: { min: 1, max: 1000 },
    sampling: { kind: "all" },
    roundMs: 60_000,
    metrics: [],
    stop: { rounds: 2 },
    seed: "07".repeat(32),
    ...change,
  };
}

/** The next model is the sum itself. */
export const sumStrategy: Strategy = {
  kind: "test",
  sums: (model) => model.map((spec) => ({ ...spec, range: 1 })),
  init: () => ({}),
  step: ({ sums, state }) => ({ model: sums, state }),
};

/** What tests choose of an aggregator. */
export type TestOptions = Partial<AggregatorAppOptions> & {
  /** Values of the update. */
  readonly words?: number;
  /** What the task has of its own. */
  readonly task?: Partial<Task>;
  /** What adds parcels; this process by default. */
  readonly sums?: SumsOf;
};

/** A root that owns one task. */
export interface TestRoot {
  readonly app: AggregatorApp;
  readonly task: Task;
  readonly id: string;
  readonly identity: Identity;
  readonly store: AggregatorAppOptions["store"];
  readonly clock: ReturnType<typeof manualClock>;
  readonly fetch: Fetch;
  [Symbol.asyncDispose](): PromiseLike<void>;
}

/** A root in memory, unless the options say otherwise. */
export async function testRoot(options: TestOptions = {}): Promise<TestRoot> {
  const { words = 4, task: change, sums = createSums, ...given } = options;
  const clock = (given.clock as ReturnType<typeof manualClock> | undefined) ?? manualClock();
  const identity = given.identity ?? await generateIdentity();
  const store = given.store ?? memoryStore();
  const app = aggregatorApp({
    module,
    strategy: () => sumStrategy,
    digest: nodeDigest,
    ...given,
    store,
    identity,
    clock,
  }, sums);
  await app.aggregator.start();
  const task = testTask(words, change);
  const model = { w: { shape: [words], data: new Float32Array(words) } };
  await app.aggregator.own({ signed: await signTask(task, identity), model });
  return {
    app,
    task,
    id: await taskId(task),
    identity,
    store,
    clock,
    fetch: fetchOf(app),
    [Symbol.asyncDispose]: () => app.aggregator[Symbol.asyncDispose](),
  };
}

/** How requests reach an app in this process. */
function fetchOf(app: { fetch(request: Request): Response | Promise<Response> }): Fetch {
  return async (request) => await app.fetch(request);
}

/** Anyone who speaks to an aggregator. */
export interface TestMember {
  readonly identity: Identity;
  readonly peer: Peer;
}

/** A member of an aggregator's task, enrolled. */
export async function testMember(
  at: { readonly fetch: Fetch; readonly id: string; readonly clock: TestRoot["clock"] },
): Promise<TestMember> {
  const identity = await generateIdentity();
  const peer = testPeer(at, identity);
  const { region } = await peer.task(at.id);
  await peer.enrol(at.id, { kind: "client", size: 1, region });
  return { identity, peer };
}

/** A peer that tries once. */
export function testPeer(
  at: { readonly fetch: Fetch; readonly clock: Clock },
  identity: Identity,
): Peer {
  return createPeer({
    url: "http://region.test",
    fetch: at.fetch,
    identity,
    clock: at.clock,
    random: systemRandom,
    digest: nodeDigest,
    retry: { attempts: 1, minMs: 0, maxMs: 0 },
  });
}

/** The round that is open above `after`. */
export async function openRound(peer: Peer, task: Task, after = 0): Promise<OpenRound> {
  const plan = await planDigest(task);
  const info = await peer.round(await taskId(task), { after, waitS: 60, plan });
  if (info?.kind !== "open") throw new Error(`no open round: ${JSON.stringify(info)}`);
  return info;
}

/** Words as a parcel. */
export function parcelOf(words: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Uint32Array.from(words).buffer);
}

/** An update request, before anything is wrong with it. */
export interface TestUpload {
  readonly id: string;
  readonly round: OpenRound;
  readonly region: string;
  readonly identity: Identity;
  readonly parcel: Uint8Array<ArrayBuffer>;
  readonly clock: TestRoot["clock"];
}

/** A signed update, whose headers and body a test may then spoil. */
export async function signedUpdate(
  upload: TestUpload,
  spoil: (headers: Headers) => void = () => {},
): Promise<{ url: string; headers: Headers }> {
  const { id, round, region, identity, parcel, clock } = upload;
  const { slices, tree } = await parcelDigest(parcel);
  const path = fillRoute(ROUTES.update, { task: id, round: round.round, member: identity.id });
  const url = `http://region.test${path}`;
  const headers = updateHeaders({
    bytes: parcel.length,
    digest: tree,
    slices,
    sid: round.sid,
    clients: 1,
    members: undefined,
  });
  spoil(headers);
  const options = { identity, region, clock, random: systemRandom };
  return { url, headers: await signedHeaders({ method: "PUT", url, headers }, options) };
}

/** Sends a parcel as it should be sent. */
export async function sendUpdate(
  member: TestMember,
  round: OpenRound,
  parcel: Uint8Array<ArrayBuffer>,
): Promise<Receipt> {
  const { region } = await member.peer.task(round.task);
  const { slices } = await parcelDigest(parcel);
  const { sid } = round;
  return await member.peer.putUpdate(round.task, {
    round: round.round,
    sid,
    clients: 1,
    parcel,
    slices,
    region,
  });
}

/** Everything that a store holds of a task, but for the log. */
export async function contentsOf(store: RoundStore, task: string): Promise<unknown> {
  const { version, record } = await store.read(task) ?? {};
  const round = (record as unknown as TaskRecord).round.round;
  const names = await store.sliceNames(task, "");
  const slices = names.map(async (
    name,
  ) => [name, toHex(await store.slice(task, name, 0) ?? EMPTY)]);
  return {
    version,
    record,
    members: await store.members(task),
    updates: await store.updates(task, round),
    slices: await Promise.all(slices),
  };
}

const EMPTY = new Uint8Array(0);

/** Code of the problem document that an answer is. */
export async function problemCode(response: Response): Promise<string> {
  const { code, status } = await response.json();
  if (status !== response.status) throw new Error(`status ${response.status} but says ${status}`);
  return code;
}

/** Tree digest of words, hex, as the round log has it. */
export async function sumDigest(words: ArrayLike<number>): Promise<string> {
  return toHex((await parcelDigest(parcelOf(words))).tree);
}

/** The sums of all published rounds, by their digests. */
export async function publishedSums(peer: Peer, task: string): Promise<string[]> {
  const { entries } = await peer.log(task, { from: 0 });
  return entries.flatMap(({ body }) => body.event.kind === "published" ? [body.event.sum] : []);
}

/** What an aggregator keeps to itself. */
export function insideOf(aggregator: Aggregator): InnerAggregator {
  return aggregator as InnerAggregator;
}
