/**
 * How much of the platform's own speed a region keeps.
 *
 * Bodies that are verified, hashed, added and durable on SQLite, beside a bare server of the same
 * runtime that reads and SHA-256-hashes the same bodies and does nothing else. The load comes from
 * another process, over connections that stay open, with requests that were signed before; both
 * servers get the very same bytes. Repetitions alternate, and medians are compared.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { toBase64Url } from "../src/core/bytes.ts";
import { generateStoredIdentity, type Identity } from "../src/core/identity.ts";
import { systemClock } from "../src/core/clock.ts";
import { systemRandom } from "../src/core/random.ts";
import type { Strategy } from "../src/strategy/strategy.ts";
import { parcelDigest } from "../src/update/slices.ts";
import { createPeer } from "../src/wire/peer.ts";
import { fillRoute, ROUTES } from "../src/wire/routes.ts";
import { planDigest } from "../src/wire/session_id.ts";
import { signedHeaders } from "../src/wire/signing.ts";
import { signTask, type Task, taskId } from "../src/wire/task.ts";
import { updateHeaders } from "../src/wire/update_headers.ts";
import { loadIdentity, nativeDigest, serveAggregator } from "../edge/deno/mod.ts";
import type { LoadPlan, LoadResult } from "./ingest_load.ts";

/** One size of body. */
interface Case {
  readonly name: string;
  readonly bytes: number;
  readonly uploads: number;
  readonly connections: number;
  readonly reach: number;
}

const CASES: readonly Case[] = [
  { name: "3 MB", bytes: 3_000_000, uploads: 120, connections: 8, reach: 0.6 },
  { name: "40 KB", bytes: 40_000, uploads: 2000, connections: 16, reach: 0.3 },
];
const REPETITIONS = 7;

const idle: Strategy = {
  kind: "idle",
  sums: (model) => model.map((spec) => ({ ...spec, range: 1 })),
  init: () => ({}),
  step: ({ model, state }) => ({ model, state }),
};

function taskOf({ bytes, uploads }: Case): Task {
  const clients = uploads + 1;
  return {
    version: 1,
    name: "ingest",
    model: { kind: "idle" },
    train: {},
    strategy: { kind: "idle" },
    update: {
      ring: "u32",
      slotBits: 32,
      tensors: [{ name: "w", shape: [bytes / 4], range: 1 }],
      clip: null,
      weightCap: null,
    },
    clients: { min: clients, max: clients },
    roundMs: 600_000,
    metrics: [],
    stop: { rounds: 1 },
    seed: "00".repeat(32),
  };
}

/** Signs and sends everything once; megabytes a second. */
async function tributary(test: Case, members: readonly Identity[], folder: string) {
  const owner = await loadIdentity(`${folder}/owner.key`);
  const store = `${folder}/${crypto.randomUUID()}.db`;
  await using served = await serveAggregator({ store, identity: owner, strategy: () => idle });
  await served.ready;
  const task = taskOf(test);
  const id = await taskId(task);
  const values = new Float32Array(test.bytes / 4);
  const life = await served.aggregator.own({
    signed: await signTask(task, owner),
    model: { w: { shape: [values.length], data: values } },
  });
  await Promise.all(members.map((member) =>
    life.enrol(member.id, {
      kind: "client",
      publicKey: toBase64Url(member.publicKey),
      size: 1,
    })
  ));
  const peer = createPeer({
    url: served.url,
    fetch,
    identity: owner,
    clock: systemClock(),
    random: systemRandom,
  });
  const round = await peer.round(id, { after: 0, waitS: 10, plan: await planDigest(task) });
  if (round?.kind !== "open") throw new Error("Cannot measure: no round is open");
  const body = await Deno.readFile(`${folder}/body`);
  const { slices, tree } = await parcelDigest(body, nativeDigest);
  const { sid } = round;
  const plain = updateHeaders({
    bytes: body.length,
    digest: tree,
    slices,
    sid,
    clients: 1,
    members: undefined,
  });
  const heads = await Promise.all(
    members.slice(0, test.uploads).map(async (identity) => {
      const path = fillRoute(ROUTES.update, { task: id, round: 1, member: identity.id });
      const request = { method: "PUT", url: served.url + path, headers: plain };
      const headers = await signedHeaders(request, {
        identity,
        region: owner.id,
        clock: systemClock(),
        random: systemRandom,
      });
      return headOf(path, headers);
    }),
  );
  const result = await load({ test, folder, port: Number(new URL(served.url).port), heads });
  const { updates } = life.status();
  if (updates !== test.uploads) throw new Error(`Cannot measure: ${updates} updates in the sum`);
  return { result, heads };
}

/** Sends the same requests to a server that reads and hashes. */
async function bare(test: Case, heads: readonly string[], folder: string): Promise<LoadResult> {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const hash = createHash("sha256");
    if (request.body !== null) { for await (const chunk of request.body) hash.update(chunk); }
    return new Response(hash.digest("hex"), { status: 201 });
  });
  try {
    return await load({ test, folder, port: server.addr.port, heads });
  } finally {
    await server.shutdown();
  }
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

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** Measures one case and prints it. */
async function measure(test: Case): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${folder}/body`, systemRandom(test.bytes));
    const members = await Promise.all(
      Array.from(
        { length: test.uploads + 1 },
        async () => (await generateStoredIdentity()).identity,
      ),
    );
    const ours: LoadResult[] = [];
    const theirs: LoadResult[] = [];
    for (let repetition = 0; repetition <= REPETITIONS; repetition++) {
      const { result, heads } = await tributary(test, members, folder);
      const reference = await bare(test, heads, folder);
      // The first of each warms up.
      if (repetition === 0) continue;
      ours.push(result);
      theirs.push(reference);
    }
    const rate = (results: readonly LoadResult[]) =>
      test.uploads / median(results.map((result) => result.seconds));
    const ratio = rate(ours) / rate(theirs);
    const p99 = median(ours.map((result) => result.p99Ms)).toFixed(1);
    console.log(
      `ingest ${test.name} × ${test.uploads}, ${test.connections} connections: ` +
        `${rate(ours).toFixed(0)}/s of ${rate(theirs).toFixed(0)}/s bare = ` +
        `${ratio.toFixed(2)} × (reach ≥ ${test.reach}), p99 ${p99} ms, ` +
        `medians of ${REPETITIONS}`,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  for (const test of CASES) await measure(test);
}
