/**
 * What a region weighs as a Cloudflare Worker, and how soon one that was just started takes an update.
 *
 * A start is timed from the start of workerd, the runtime of Workers, over objects that were left in
 * mid-round, to the receipt of the first update, which wakes the object. Beside it stands a worker with
 * an object that does nothing, started as often in turn: what a start of the runtime itself takes is
 * not what a user waits for, as the platform has it running.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { toBase64, toBase64Url } from "../src/core/bytes.ts";
import { systemClock } from "../src/core/clock.ts";
import { slicesDigest } from "../src/core/digest.ts";
import { systemFetch } from "../src/core/fetch.ts";
import { generateIdentity, generateStoredIdentity, type Identity } from "../src/core/identity.ts";
import { systemRandom } from "../src/core/random.ts";
import { createPeer, type Peer } from "../src/wire/peer.ts";
import { fillRoute, ROUTES } from "../src/wire/routes.ts";
import type { OpenRound } from "../src/wire/round_info.ts";
import { planDigest } from "../src/wire/session_id.ts";
import { signedHeaders } from "../src/wire/signing.ts";
import { taskId } from "../src/wire/task.ts";
import { updateHeaders } from "../src/wire/update_headers.ts";
import { bundleWorker } from "../edge/cloudflare/_testing.ts";
import { nativeDigest } from "../edge/deno/mod.ts";
import { idleTask, serveIdleTask } from "./idle_task.ts";
import { type Figure, meanAndSpread, median } from "./figure.ts";
import { prepareWorkerd, type WorkerdProcess } from "./workerd_process.ts";

const VALUES = 10_000;
const STARTS = 9;

/** After so long an object has forgotten nothing that it would have to fear: one that was put out has. */
const AWAY_MS = 3500;

const REGION = `
  import aggregate from "../../wasm/aggregate/pkg/aggregate_bg.wasm";
  import { createRegionWorker } from "./mod.ts";
  const region = createRegionWorker(aggregate, (env) => ({
    identity: env.IDENTITY, parents: env.PARENT, objects: env.OBJECT, accumulators: env.ACCUMULATOR,
  }));
  export const { RegionObject, AccumulatorObject } = region;
  export default { fetch: region.fetch };
`;
const HELPER = `
  import aggregate from "../../wasm/aggregate/pkg/aggregate_bg.wasm";
  import { createHelperWorker } from "./mod.ts";
  const helper = createHelperWorker(aggregate, (env) => ({
    identity: env.IDENTITY, keys: env.HELPER_KEYS, objects: env.OBJECT,
  }));
  export const { HelperObject } = helper;
  export default { fetch: helper.fetch };
`;
const EMPTY = `
  export class EmptyObject {
    fetch() { return new Response("ok"); }
  }
  export default {
    fetch: (request, { OBJECT }) => OBJECT.get(OBJECT.idFromName("one")).fetch(request),
  };
`;
const CORE = new URL("../wasm/aggregate/pkg/aggregate_bg.wasm", import.meta.url);

/** Measures. */
export async function measureWorkerd(): Promise<readonly Figure[]> {
  const region = await bundleWorker(REGION, true);
  return [
    await weight("A region's worker with the core, gzipped", region),
    await weight("A helper's worker with the core, gzipped", await bundleWorker(HELPER, true)),
    ...await starts(region),
  ];
}

async function weight(name: string, bundle: string): Promise<Figure> {
  const core = await Deno.readFile(CORE);
  const bytes = [Buffer.from(bundle), core].map((part) => gzipSync(part, { level: 9 }).length);
  const value = bytes.reduce((sum, one) => sum + one) / 1000;
  return { name, value, unit: "kB", goal: { kind: "at most", bound: 300 } };
}

/** How long a start took, in milliseconds. */
interface Start {
  /** Until the runtime answered. */
  readonly ready: number;
  /** From then until the first request was answered. */
  readonly first: number;
  /** Processor time until then. */
  readonly processor: number;
}

async function starts(bundle: string): Promise<Figure[]> {
  const folder = await Deno.makeTempDir();
  try {
    await using tree = await startTree(bundle, `${folder}/region`);
    const startEmpty = await prepareWorkerd({
      ...{ bundle: await bundleWorker(EMPTY, true), folder: `${folder}/empty` },
      objects: { OBJECT: "EmptyObject" },
    });
    const [regions, empties]: Start[][] = [[], []];
    for (const client of tree.clients) {
      empties!.push(
        await timeStart(
          startEmpty,
          ({ url }) => fetch(url),
        ),
      );
      await new Promise((resolve) => setTimeout(resolve, AWAY_MS));
      regions!.push(await timeStart(tree.start, (worker) => tree.upload(worker, client)));
    }
    const idle = median(empties!.map(({ ready }) => ready));
    const cold = regions!.map(({ ready, first }) => ready - idle + first);
    const first = (all: readonly Start[]) => all.map((start) => start.first);
    const busy = (all: readonly Start[]) => all.map((start) => start.processor);
    return [
      {
        name: "Cold start of a region to its first receipt, above an empty worker's start",
        ...{ value: median(cold), spread: meanAndSpread(cold).spread, unit: "ms" },
        goal: { kind: "at most", bound: 150 },
      },
      {
        name: "Processor time of a region's cold start to its first receipt",
        ...{ value: median(busy(regions!)), spread: meanAndSpread(busy(regions!)).spread },
        unit: "ms",
        reference: { name: "of an empty worker's", value: median(busy(empties!)) },
      },
      {
        name: "First update to a region that was just started, to its receipt",
        ...{ value: median(first(regions!)), spread: meanAndSpread(first(regions!)).spread },
        unit: "ms",
        reference: {
          name: "first request to an empty object that was just started",
          value: median(first(empties!)),
        },
      },
    ];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function timeStart(
  start: () => Promise<WorkerdProcess>,
  ask: (worker: WorkerdProcess) => Promise<Response>,
): Promise<Start> {
  const began = performance.now();
  await using worker = await start();
  const ready = performance.now();
  const response = await ask(worker);
  const text = await response.text();
  const done = performance.now();
  const processor = await worker.processorMs();
  if (!response.ok) throw new Error(`Cannot measure a start: ${response.status} ${text}`);
  return { ready: ready - began, first: done - ready, processor };
}

// One more than start it, so that its round stays open.
const TASK = idleTask({ values: VALUES, clients: STARTS + 1, rounds: 1 });

/** A root in this process, and a region in workerd with an open round, which is not running now. */
async function startTree(bundle: string, folder: string) {
  await Deno.mkdir(folder, { recursive: true });
  const root = await serveIdleTask(TASK, folder);
  const task = await taskId(TASK);
  const { identity: me, pkcs8 } = await generateStoredIdentity();
  const start = await prepareWorkerd({
    ...{ bundle, folder },
    objects: { OBJECT: "RegionObject", ACCUMULATOR: "AccumulatorObject" },
    secrets: { IDENTITY: toBase64(pkcs8), PARENT: `${root.url}/v1/tasks/${task}` },
  });
  const clients = await Promise.all(Array.from({ length: STARTS + 1 }, () => generateIdentity()));
  const round = await openRound(start, { task, region: me, clients });
  return {
    start,
    clients: clients.slice(1),
    upload: (worker: WorkerdProcess, client: Identity) =>
      sendUpdate(worker.url, { task, round, region: me.id, client }),
    [Symbol.asyncDispose]: () => root[Symbol.asyncDispose](),
  };
}

async function openRound(
  start: () => Promise<WorkerdProcess>,
  { task, region, clients }: {
    readonly task: string;
    readonly region: Identity;
    readonly clients: readonly Identity[];
  },
): Promise<OpenRound> {
  await using worker = await start();
  const peerOf = (identity: Identity): Peer =>
    createPeer({
      url: worker.url,
      ...{ fetch: systemFetch, identity, clock: systemClock(), random: systemRandom },
      retry: { attempts: 100, minMs: 20, maxMs: 50 },
    });
  const party = { id: region.id, publicKey: toBase64Url(region.publicKey) };
  for (const client of clients) {
    await peerOf(client).enrol(task, { kind: "client", size: 1, region: party });
  }
  const plan = await planDigest(TASK);
  const info = await peerOf(region).round(task, { after: 0, waitS: 60, plan });
  if (info?.kind !== "open") throw new Error("Cannot measure a start: no round has begun");
  return info;
}

/** An update of zeros, signed now. */
async function sendUpdate(
  url: string,
  { task, round, region, client }: {
    readonly task: string;
    readonly round: OpenRound;
    readonly region: string;
    readonly client: Identity;
  },
): Promise<Response> {
  const body = new Uint8Array(4 * VALUES);
  const { tree, slices } = await slicesDigest(body, { sliceBytes: 1 << 20, digest: nativeDigest });
  const path = fillRoute(ROUTES.update, { task, round: round.round, member: client.id });
  const plain = updateHeaders({
    ...{ bytes: body.length, digest: tree, slices, sid: round.sid, clients: 1, members: undefined },
  });
  const headers = await signedHeaders({ method: "PUT", url: url + path, headers: plain }, {
    ...{ identity: client, region, clock: systemClock(), random: systemRandom },
  });
  return await fetch(url + path, { method: "PUT", headers, body });
}
