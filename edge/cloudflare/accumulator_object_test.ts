import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toBase64 } from "../../src/core/bytes.ts";
import { systemClock } from "../../src/core/clock.ts";
import { type Fetch, systemFetch } from "../../src/core/fetch.ts";
import { generateIdentity, generateStoredIdentity } from "../../src/core/identity.ts";
import { signTask, taskId } from "../../src/wire/task.ts";
import {
  openRound,
  parcelOf,
  publishedSums,
  sendUpdate,
  sumDigest,
  sumStrategy,
  testTask,
} from "../_testing.ts";
import { patientPeer } from "../_tree_testing.ts";
import { serveAggregator } from "../deno/serve.ts";
import { canRunWorkerd, startWorker } from "./_testing.ts";

/** 2.4 MB: three slices, for accumulators that hold one each. */
const WORDS = 600_000;
const WORKER = `
  import core from "../../wasm/aggregate/pkg/aggregate_bg.wasm";
  import { createRegionWorker } from "./region_worker.ts";
  const worker = createRegionWorker(core, (env) => ({
    identity: env.IDENTITY, parents: env.PARENT, objects: env.REGION,
    accumulators: env.ACCUMULATOR, wakeMs: 200, limits: { shardValues: 300_000 },
  }));
  export const { RegionObject } = worker;
  // Tells what it holds to whoever asks, which the worker's own calls never do.
  export class AccumulatorObject extends worker.AccumulatorObject {
    #sql;
    constructor(state) { super(state); this.#sql = state.storage.sql; }
    fetch(request) {
      if (!request.url.endsWith("/held")) return super.fetch(request);
      const rows = this.#sql.exec("SELECT name, part, length(bytes) AS bytes FROM slices ORDER BY name, part");
      return Response.json(rows.toArray());
    }
  }
  export default {
    async fetch(request, env) {
      const [, shard] = /^\\/held\\/(\\d+)\\//.exec(new URL(request.url).pathname) ?? [];
      if (shard === undefined) return await worker.fetch(request, env);
      const owner = env.REGION.idFromName(new URL(request.url).searchParams.get("task"));
      const { ACCUMULATOR } = env;
      return await ACCUMULATOR.get(ACCUMULATOR.idFromName(owner + "/" + shard)).fetch("https://a/held");
    },
  };
`;
const isThere = await canRunWorkerd();

function wordsOf(seed: number): Uint32Array {
  return Uint32Array.from({ length: WORDS }, (_, at) => (at * 7 + seed) % 4_000_000);
}

/** Sends to whatever server it is now what is meant for the address of a test. */
function reach(server: () => { readonly url: string }): Fetch {
  return (request) => {
    const { pathname, search } = new URL(request.url);
    return systemFetch(new Request(server().url + pathname + search, request));
  };
}

Deno.test({
  name:
    "accumulator objects: parcels are added where their slices lie, also after all objects died in mid-round",
  ignore: !isThere,
  // Miniflare ends its own thread, and removes its own folder, some time after a worker is disposed of.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const folder = mkdtempSync(join(tmpdir(), "accumulators-"));
    const clock = systemClock();
    const owner = await generateIdentity();
    const task = testTask(WORDS, { clients: { min: 2, max: 10 } });
    const id = await taskId(task);
    await using root = await serveAggregator({
      ...{ store: join(folder, "root.db"), identity: owner, strategy: () => sumStrategy },
    });
    const model = { w: { shape: [WORDS], data: new Float32Array(WORDS) } };
    await root.aggregator.own({ signed: await signTask(task, owner), model });
    await root.ready;
    const { pkcs8 } = await generateStoredIdentity();
    const start = () =>
      startWorker({
        ...{ source: WORKER, folder: join(folder, "objects") },
        objects: { REGION: "RegionObject", ACCUMULATOR: "AccumulatorObject" },
        bindings: { IDENTITY: toBase64(pkcs8), PARENT: `${root.url}/v1/tasks/${id}` },
      });
    let region = await start();
    try {
      const members = await Promise.all([0, 1].map(async () => {
        const identity = await generateIdentity();
        // The address changes when the objects come back.
        const peer = patientPeer(clock, reach(() => region), identity);
        const offer = await peer.task(id);
        await peer.enrol(id, { kind: "client", size: 1, region: offer.region });
        return { identity, peer };
      }));
      const [one, other] = members;
      const round = await openRound(one!.peer, task);
      await sendUpdate(one!, round, parcelOf(wordsOf(1)));
      const held = async (shard: number) =>
        await (await fetch(`${region.url}/held/${shard}/?task=${id}`)).json();
      for (const [shard, bytes] of [[0, 1 << 20], [1, 1 << 20], [2, WORDS * 4 % (1 << 20)]]) {
        const [row, ...more] = await held(shard!);
        assert.match(row.name, /^sum\/1\/.*@3x1$/);
        assert.deepEqual([row.part, row.bytes, more], [0, bytes, []]);
      }
      await region[Symbol.asyncDispose]();
      region = await start();
      await sendUpdate(other!, round, parcelOf(wordsOf(2)));
      await openRound(one!.peer, task, round.round);
      const more = wordsOf(2);
      const sum = wordsOf(1).map((word, at) => word + more[at]!);
      const peer = patientPeer(clock, reach(() => root), await generateIdentity());
      assert.deepEqual(await publishedSums(peer, id), [await sumDigest(sum)]);
      for (const shard of [0, 1, 2]) assert.deepEqual(await held(shard), []);
    } finally {
      await region[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    }
  },
});
