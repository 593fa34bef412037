/**
 * How much of the platform's own speed a region keeps.
 *
 * Bodies that are verified, hashed, added and durable, in Deno on SQLite and in an object of workerd,
 * beside a bare server of the same runtime that reads and SHA-256-hashes the same bodies and does
 * nothing else. The load comes from another process, over connections that stay open, with requests
 * that were signed before; both servers get the very same bytes. Repetitions alternate, and medians are
 * compared.
 *
 * @module
 */
import { generateStoredIdentity } from "../src/core/identity.ts";
import { systemClock } from "../src/core/clock.ts";
import { slicesDigest } from "../src/core/digest.ts";
import { systemFetch } from "../src/core/fetch.ts";
import { systemRandom } from "../src/core/random.ts";
import { createPeer } from "../src/wire/peer.ts";
import { fillRoute, ROUTES } from "../src/wire/routes.ts";
import { planDigest } from "../src/wire/session_id.ts";
import { signedHeaders } from "../src/wire/signing.ts";
import { type Task, taskId } from "../src/wire/task.ts";
import { updateHeaders } from "../src/wire/update_headers.ts";
import { nativeDigest } from "../edge/deno/mod.ts";
import { type Figure, median } from "./figure.ts";
import { renderFigures } from "./figure_table.ts";
import type { LoadPlan, LoadResult } from "./ingest_load.ts";
import { IN_DENO, IN_WORKERD, type Runtime } from "./ingest_runtimes.ts";

/** One size of body. */
interface Case {
  readonly name: string;
  readonly bytes: number;
  readonly uploads: number;
  readonly connections: number;
  /** Share of the bare server's rate to reach. */
  readonly reach?: number;
  /** Uploads a second to reach. */
  readonly perSecond?: number;
}

const LARGE = { name: "3 MB", bytes: 3_000_000, uploads: 120, connections: 16, reach: 0.6 };
const CASES: readonly (readonly [Runtime, Case])[] = [
  [IN_DENO, LARGE],
  [IN_DENO, { name: "40 KB", bytes: 40_000, uploads: 2000, connections: 64, perSecond: 1000 }],
  [IN_WORKERD, LARGE],
];
const REPETITIONS = 7;

/** A task whose parcels have so many words, and whose rounds end with so many clients. */
export function wordsTask(words: number, clients: number): Task {
  return {
    version: 1,
    name: "ingest",
    model: { kind: "idle" },
    train: {},
    strategy: { kind: "idle" },
    update: {
      slotBits: 32,
      tensors: [{ name: "w", shape: [words], range: 1 }],
      clip: null,
      weightCap: null,
    },
    mask: { kind: "none" },
    clients: { min: clients, max: clients },
    sampling: { kind: "all" },
    roundMs: 600_000,
    metrics: [],
    stop: { rounds: REPETITIONS + 1 },
    seed: "00".repeat(32),
  };
}

/** An aggregator whose members have enrolled over HTTP, as they would in life. */
async function openTributary(runtime: Runtime, test: Case, folder: string) {
  const task = wordsTask(test.bytes / 4, test.uploads);
  const id = await taskId(task);
  const served = await runtime.open(task, folder);
  const { region } = served;
  const world = { fetch: systemFetch, clock: systemClock(), random: systemRandom };
  const members = await Promise.all(
    Array.from({ length: test.uploads }, async () => (await generateStoredIdentity()).identity),
  );
  for (let at = 0; at < members.length; at += 50) {
    await Promise.all(
      members.slice(at, at + 50).map((identity) =>
        createPeer({ url: served.url, identity, ...world })
          .enrol(id, { kind: "client", size: 1, region })
      ),
    );
  }
  const { identity } = await generateStoredIdentity();
  const peer = createPeer({ url: served.url, identity, ...world });
  const plan = await planDigest(task);
  const body = await Deno.readFile(`${folder}/body`);
  const { slices, tree } = await slicesDigest(body, { sliceBytes: 1 << 20, digest: nativeDigest });

  /** Signs everybody's update of the round after `after`, and sends them all. */
  async function run(after: number): Promise<{ result: LoadResult; heads: readonly string[] }> {
    const round = await peer.round(id, { after, waitS: 30, plan });
    if (round?.kind !== "open") throw new Error("Cannot measure: no round is open");
    const plain = updateHeaders({
      bytes: body.length,
      digest: tree,
      slices,
      sid: round.sid,
      clients: 1,
      members: undefined,
    });
    const heads = await Promise.all(members.map(async (identity) => {
      const path = fillRoute(ROUTES.update, { task: id, round: round.round, member: identity.id });
      const request = { method: "PUT", url: served.url + path, headers: plain };
      const headers = await signedHeaders(request, { identity, region: region.id, ...world });
      return headOf(path, headers);
    }));
    const result = await load({ test, folder, port: Number(new URL(served.url).port), heads });
    return { result, heads };
  }
  return { run, close: () => served[Symbol.asyncDispose]() };
}

/** Sends the same requests to a server that reads and hashes. */
async function bare(
  runtime: Runtime,
  { test, heads, folder }: {
    readonly test: Case;
    readonly heads: readonly string[];
    readonly folder: string;
  },
): Promise<LoadResult> {
  await using server = await runtime.bare();
  return await load({ test, folder, port: Number(new URL(server.url).port), heads });
}

function headOf(path: string, headers: Headers): string {
  const lines = Array.from(headers, ([name, value]) => `${name}: ${value}\r\n`);
  return `PUT ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${lines.join("")}\r\n`;
}

async function load(
  { test, folder, port, heads }: {
    readonly test: Case;
    readonly folder: string;
    readonly port: number;
    readonly heads: readonly string[];
  },
): Promise<LoadResult> {
  const plan: LoadPlan = { port, connections: test.connections, body: `${folder}/body`, heads };
  await Deno.writeTextFile(`${folder}/plan.json`, JSON.stringify(plan));
  const script = new URL("ingest_load.ts", import.meta.url).pathname;
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--allow-read", "--allow-net", script, `${folder}/plan.json`],
    stderr: "inherit",
  }).output();
  if (code !== 0) throw new Error("Cannot measure: the load generator failed");
  const result: LoadResult = JSON.parse(new TextDecoder().decode(stdout));
  if (result.statuses["201"] !== heads.length) {
    throw new Error(`Cannot measure: answers were ${JSON.stringify(result.statuses)}`);
  }
  return result;
}

/** Words that a client can have sent: below 2^20, which is on any of these plans' grids. */
function randomParcel(bytes: number): Uint8Array {
  const words = new Uint32Array(systemRandom(bytes).buffer);
  return new Uint8Array(words.map((word) => word >>> 12).buffer);
}

/** Measures one case: how many a second, and how long the slowest of a hundred waits. */
async function measure(runtime: Runtime, test: Case): Promise<Figure[]> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${folder}/body`, randomParcel(test.bytes));
    const root = await openTributary(runtime, test, folder);
    const ours: LoadResult[] = [];
    const theirs: LoadResult[] = [];
    for (let repetition = 0; repetition <= REPETITIONS; repetition++) {
      const { result, heads } = await root.run(repetition);
      const reference = await bare(runtime, { test, heads, folder });
      // The first of each warms up.
      if (repetition === 0) continue;
      ours.push(result);
      theirs.push(reference);
    }
    await root.close();
    const rates = (results: readonly LoadResult[]) =>
      results.map(({ seconds }) => test.uploads / seconds);
    return [
      {
        name: `bodies of ${test.name} in ${runtime.name}, ${test.connections} connections`,
        value: median(rates(ours)),
        unit: "uploads/s",
        spread: [Math.min(...rates(ours)), Math.max(...rates(ours))],
        reference: { name: "bare server that reads and hashes", value: median(rates(theirs)) },
        ...(test.reach && { goal: { kind: "ratio at least", bound: test.reach } }),
        ...(test.perSecond && { goal: { kind: "at least", bound: test.perSecond } }),
      },
      {
        name: `– 99th percentile of a request's time, ${test.name} in ${runtime.name}`,
        value: median(ours.map(({ p99Ms }) => p99Ms)),
        unit: "ms",
        reference: { name: "bare server", value: median(theirs.map(({ p99Ms }) => p99Ms)) },
      },
    ];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Measures all cases, medians of repetitions. */
export async function measureIngest(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [runtime, test] of CASES) figures.push(...await measure(runtime, test));
  return figures;
}

if (import.meta.main) console.log(renderFigures(await measureIngest()));
