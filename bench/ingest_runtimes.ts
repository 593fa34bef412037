/**
 * Aggregators that take bodies in, and the bare servers that they are compared to.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { systemClock } from "../src/core/clock.ts";
import { systemFetch } from "../src/core/fetch.ts";
import { generateStoredIdentity } from "../src/core/identity.ts";
import { systemRandom } from "../src/core/random.ts";
import type { Strategy } from "../src/strategy/strategy.ts";
import type { Party } from "../src/wire/party.ts";
import { createPeer } from "../src/wire/peer.ts";
import { signTask, type Task, taskId } from "../src/wire/task.ts";
import { loadIdentity, serveAggregator } from "../edge/deno/mod.ts";
import { startBareWorker, startRegionWorker } from "./load/workerd.ts";

/** A server that is loaded. */
export interface LoadedServer extends AsyncDisposable {
  /** Its address. */
  readonly url: string;
}

/** An aggregator that is loaded. */
export interface LoadedAggregator extends LoadedServer {
  /** Who it is. */
  readonly region: Party;
  /** The most memory that its process has had, in MB; not a number where the system does not tell. */
  peakMb(): Promise<number>;
}

/** Where an aggregator runs. */
export interface Runtime {
  /** Its name. */
  readonly name: string;
  /** Starts one that works on a task. */
  open(task: Task, folder: string): Promise<LoadedAggregator>;
  /** Starts a server that reads and hashes bodies. */
  bare(): Promise<LoadedServer>;
}

const idle: Strategy = {
  kind: "idle",
  sums: (model) => model.map((spec) => ({ ...spec, range: 1 })),
  init: () => ({}),
  step: ({ model, state }) => ({ model, state }),
};

async function openRoot(task: Task, folder: string) {
  const owner = await loadIdentity(`${folder}/owner.key`);
  const served = await serveAggregator({
    store: `${folder}/root.db`,
    identity: owner,
    strategy: () => idle,
  });
  await served.ready;
  const shape = task.update.tensors[0]?.shape ?? [];
  const model = { w: { shape, data: new Float32Array(shape.reduce((all, n) => all * n, 1)) } };
  const { offer } = await served.aggregator.own({ signed: await signTask(task, owner), model });
  return { served, offer };
}

/** A root on SQLite, in this process. */
export const IN_DENO: Runtime = {
  name: "Deno",
  async open(task, folder) {
    const { served, offer } = await openRoot(task, folder);
    return {
      ...{ url: served.url, region: offer.region },
      peakMb: () => Promise.resolve(Deno.memoryUsage().rss / 1e6),
      [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
    };
  },
  bare() {
    const server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      async (request) => {
        const hash = createHash("sha256");
        if (request.body !== null) { for await (const chunk of request.body) hash.update(chunk); }
        return new Response(hash.digest("hex"), { status: 201 });
      },
    );
    return Promise.resolve({
      url: `http://127.0.0.1:${server.addr.port}`,
      [Symbol.asyncDispose]: () => server.shutdown(),
    });
  },
};

/** A region in an object of workerd, below a root in this process. */
export const IN_WORKERD: Runtime = {
  name: "workerd",
  async open(task, folder) {
    const { served } = await openRoot(task, folder);
    const id = await taskId(task);
    const worker = await startRegionWorker({ folder, parent: served.url, task: id });
    const { identity } = await generateStoredIdentity();
    const world = { fetch: systemFetch, clock: systemClock(), random: systemRandom };
    const peer = createPeer({ url: worker.url, identity, ...world });
    const { region } = await peer.task(id);
    return {
      ...{ url: worker.url, region, peakMb: worker.peakMb },
      async [Symbol.asyncDispose]() {
        await worker[Symbol.asyncDispose]();
        await served[Symbol.asyncDispose]();
      },
    };
  },
  bare: startBareWorker,
};
