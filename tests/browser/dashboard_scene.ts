/**
 * A root in this process whose rounds go as a test says, served on this machine: what the dashboard
 * is looked at over.
 *
 * @module
 */
import { createAggregatorApp } from "../../edge/app.ts";
import { dashboard } from "../../edge/dashboard/mod.ts";
import { nativeDigest } from "../../edge/deno/mod.ts";
import { memoryStore } from "../../edge/memory/mod.ts";
import { slicesDigest } from "../../src/core/digest.ts";
import { generateIdentity } from "../../src/core/identity.ts";
import { systemRandom } from "../../src/core/random.ts";
import { tensors } from "../../src/models/mod.ts";
import { strategyFrom } from "../../src/strategy/registry.ts";
import { defineTask } from "../../src/task/mod.ts";
import { createUpdateChain } from "../../src/update/chain.ts";
import { createAggregateCore } from "../../src/wasm/aggregate.ts";
import { inlineModule } from "../../src/wasm/inline.ts";
import { createTrainCore } from "../../src/wasm/train.ts";
import { type ManualClock, manualClock } from "../../src/wire/_testing.ts";
import { createPeer, type Peer } from "../../src/wire/peer.ts";
import { rotationSeed } from "../../src/privacy/rotation.ts";
import type { OpenRound } from "../../src/wire/round_info.ts";
import { planDigest } from "../../src/wire/session_id.ts";
import { signTask, type Task, taskId, updatePlan } from "../../src/wire/task.ts";

/** A region of the scene. */
export interface SceneRegion {
  readonly id: string;
  /** Clients below it. */
  readonly size: number;
  readonly peer: Peer;
}

/** A root at work, as far as a test lets it. */
export interface Scene extends AsyncDisposable {
  readonly url: string;
  readonly clock: ManualClock;
  readonly task: Task;
  readonly id: string;
  readonly regions: readonly SceneRegion[];
  /** The round that is open above `after`. */
  round(after: number): Promise<OpenRound>;
  /** Lets the events go out that wait for others. */
  settle(): Promise<void>;
  /** Sends a region's sum, in which every client measured this loss. */
  send(region: SceneRegion, round: OpenRound, loss: number): Promise<void>;
}

const SIZE = 400;
const METRICS = ["accuracy", "loss"];

/** Starts it. */
export async function startScene(
  { name, sizes, token }: {
    readonly name: string;
    readonly sizes: readonly number[];
    readonly token: string;
  },
): Promise<Scene> {
  await using stack = new AsyncDisposableStack();
  const clock = manualClock();
  const module = await inlineModule("aggregate");
  const core = createTrainCore(await inlineModule("train"));
  const aggregate = stack.use(createAggregateCore(module));
  const identity = await generateIdentity();
  const app = createAggregatorApp({
    ...{ module, identity, clock, digest: nativeDigest },
    store: memoryStore(),
    strategy: ({ strategy }) => strategyFrom(strategy, core),
    observers: [dashboard({ token, listeners: 1 })],
  });
  stack.use(app.aggregator);
  const clients = sizes.reduce((all, size) => all + size, 0);
  const task = defineTask({
    name,
    model: tensors({ tensors: { slopes: [SIZE] }, metrics: METRICS }),
    metrics: METRICS,
    clients: { min: Math.ceil(clients / 2), max: 2 * clients },
    privacy: { epsilon: 8, delta: 1e-6, mechanism: { kind: "gaussian" } },
    update: { slotBits: 32 },
    ...{ roundMs: 60_000, stop: { rounds: 40 }, seed: "07".repeat(32) },
  });
  const id = await taskId(task);
  await app.aggregator.start();
  const model = { slopes: { shape: [SIZE], data: new Float32Array(SIZE) } };
  await app.aggregator.own({ signed: await signTask(task, identity), model });
  const plan = await planDigest(task);
  const chain = createUpdateChain(aggregate, updatePlan(task));

  const regions: SceneRegion[] = [];
  for (const size of sizes) {
    const identity = await generateIdentity();
    const peer = createPeer({
      ...{ url: "http://root.test", identity, clock, random: systemRandom, digest: nativeDigest },
      fetch: async (request) => await app.fetch(request),
      retry: { attempts: 1, minMs: 0, maxMs: 0 },
    });
    const { region } = await peer.task(id);
    await peer.enrol(id, { kind: size === 1 ? "client" : "region", size, region });
    regions.push({ id: identity.id, size, peer });
  }
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, app.fetch);
  stack.defer(async () => {
    app.aggregator.endPolls();
    // The stream of events ends with that; a browser may keep its connections.
    await server.shutdown();
  });
  const owned = stack.move();
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    ...{ clock, task, id, regions },
    async round(after) {
      const info = await regions[0]!.peer.round(id, { after, waitS: 60, plan });
      if (info?.kind !== "open") throw new Error(`no round above ${after}: ${info?.kind}`);
      return info;
    },
    async settle() {
      // A listener that was woken sleeps a moment before it looks.
      while (clock.nextMs > 200) await new Promise((resolve) => setTimeout(resolve, 1));
      clock.advance(200);
    },
    async send({ size, peer }, round, loss) {
      const parcel = chain.encode({
        weights: { slopes: { shape: [SIZE], data: new Float32Array(SIZE).fill(0.001) } },
        ...{ examples: 10, metrics: { loss, accuracy: 1 - loss } },
      }, {
        ...{ model, key: new Uint8Array(32) },
        private: {
          rotation: await rotationSeed(id, round.round),
          noise: new Uint8Array(32),
        },
      });
      // A sum of `size` such parcels: each word that often.
      const words = new Uint32Array(parcel.buffer);
      words.forEach((word, at) => words[at] = Math.imul(word, size));
      const { slices } = await slicesDigest(parcel, { sliceBytes: 1 << 20, digest: nativeDigest });
      const { region } = await peer.task(id);
      const sum = { round: round.round, sid: round.sid, clients: size, parcel, slices, region };
      await peer.putUpdate(id, size === 1 ? sum : { ...sum, members: "ab".repeat(32) });
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
