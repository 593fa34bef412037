/**
 * A tree of aggregators of any shape: in memory, where requests are routed by host name, or as
 * servers on this machine.
 *
 * @module
 */
import type { Aggregator } from "../edge/aggregator.ts";
import { type AggregatorAppOptions, createAggregatorApp } from "../edge/app.ts";
import { nativeDigest, serveAggregator } from "../edge/deno/mod.ts";
import { memoryStore } from "../edge/memory/mod.ts";
import { sqliteStore } from "../edge/sqlite/mod.ts";
import type { AggregatorTask } from "../edge/mod.ts";
import { fromHex } from "../src/core/bytes.ts";
import { type Clock, systemClock } from "../src/core/clock.ts";
import { type Fetch, systemFetch } from "../src/core/fetch.ts";
import { generateIdentity, type Identity } from "../src/core/identity.ts";
import { strategyFrom } from "../src/strategy/registry.ts";
import { modelFrom } from "../src/models/registry.ts";
import { inlineModule } from "../src/wasm/inline.ts";
import { createTrainCore } from "../src/wasm/train.ts";
import { manualClock } from "../src/wire/_testing.ts";
import { signTask, signTaskFor, type Task, taskId } from "../src/wire/task.ts";
import { createWatch } from "./watch.ts";

/** Which tree. */
export interface TreeOptions {
  /** What it works on. */
  readonly task: Task;
  /** Signs the task; the root itself by default. */
  readonly owner?: Identity;
  /** How many children an aggregator has, level by level; none for a root alone. */
  readonly shape?: readonly number[];
  /** How requests travel; over HTTP time is the system's and stores are SQLite files. */
  readonly over?: "memory" | "http";
  /** Where aggregators in memory keep what they know. */
  readonly store?: "memory" | "sqlite";
  /** Time of aggregators in memory; stands still by default. */
  readonly clock?: Clock;
  /** Comes between everyone and the network in memory. */
  readonly through?: (fetch: Fetch) => Fetch;
  /** What aggregators in memory have of their own. */
  readonly app?: Partial<Pick<AggregatorAppOptions, "admit" | "limits">>;
}

/** One aggregator of a tree. */
export interface Node {
  /** Its address. */
  readonly url: string;
  /** Its work on the task; another one after each start. */
  readonly life: AggregatorTask;
  /** Begins again, with what its store has, at the same address. */
  start(): Promise<void>;
  /** Has a region hand its work on and leave its parent. */
  drain(): Promise<void>;
  /** Ends; nothing answers at its address then. */
  stop(): Promise<void>;
}

/** A tree that runs. */
export interface Tree extends AsyncDisposable {
  /** Digest of the task. */
  readonly id: string;
  /** The task. */
  readonly task: Task;
  /** Owns the task. */
  readonly root: Node;
  /** Everyone, level by level. */
  readonly nodes: readonly Node[];
  /** Those that clients join. */
  readonly leaves: readonly Node[];
  /** How to reach them. */
  readonly fetch: Fetch;
  /** Everybody's time. */
  readonly clock: Clock;
  /** Resolves once the condition holds; it is asked whenever an aggregator did something. */
  until(condition: () => boolean): Promise<void>;
}

/** An aggregator that answers under an address. */
interface Running {
  readonly url: string;
  readonly aggregator: Aggregator;
  readonly ready: Promise<void>;
  stop(): Promise<void>;
}

/** Starts all of a tree, the root with its task. */
export async function startTree(options: TreeOptions): Promise<Tree> {
  const { task, shape = [], over = "memory", through = (same) => same } = options;
  const clock = options.clock ?? (over === "http" ? systemClock() : manualClock());
  await using undo = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir();
  undo.defer(() => Deno.remove(folder, { recursive: true }));
  const module = await inlineModule("aggregate");
  const core = undo.use(createTrainCore(await inlineModule("train")));
  const strategy = ({ strategy }: Task) => strategyFrom(strategy, core);
  const watch = createWatch();
  const hosts = new Map<string, Fetch>();
  const fetch = through(over === "http" ? systemFetch : (request) => route(hosts, request));

  function inMemory(name: string, identity: Identity, parent: Node | undefined) {
    const host = `${name}.test`;
    const kept = options.store === "sqlite" ? undefined : memoryStore();
    return (): Promise<Running> => {
      const store = kept ?? sqliteStore(`${folder}/${name}.db`);
      const { aggregator, fetch: answer } = createAggregatorApp({
        ...{ store, identity, module, clock, fetch, digest: nativeDigest, logger: watch.hear },
        // Not a sleep of no time, which would not end where the clock stands.
        turn: () => new Promise((resolve) => setTimeout(resolve, 0)),
        ...(parent === undefined ? { strategy } : { parent: { url: parent.url } }),
        ...options.app,
      });
      const answers = new Set<Promise<unknown>>();
      hosts.set(host, async (request) => {
        const response = Promise.resolve(answer(request));
        // As a server does: whoever asked may have gone, the answer is still worked on.
        const over = response.catch(() => {}).finally(() => answers.delete(over));
        answers.add(over);
        return await response;
      });
      return Promise.resolve({
        url: `http://${host}`,
        aggregator,
        ready: aggregator.start(),
        async stop() {
          hosts.delete(host);
          await aggregator[Symbol.asyncDispose]();
          await Promise.all(answers);
          if (kept === undefined) await store[Symbol.asyncDispose]();
        },
      });
    };
  }

  function onLoopback(name: string, identity: Identity, parent: Node | undefined) {
    let port = 0;
    return async (): Promise<Running> => {
      const served = await serveAggregator({
        ...{ store: `${folder}/${name}.db`, identity, port, logger: watch.hear },
        ...(parent === undefined ? { strategy } : { parent: { url: parent.url } }),
      });
      port = Number(new URL(served.url).port);
      const { url, aggregator, ready } = served;
      return { url, aggregator, ready, stop: async () => await served[Symbol.asyncDispose]() };
    };
  }

  async function addNode(name: string, parent: Node | undefined): Promise<Node> {
    const identity = await generateIdentity();
    const open = (over === "http" ? onLoopback : inMemory)(name, identity, parent);
    let running: Running | undefined;
    let url = "";
    const node: Node = {
      get url() {
        return url;
      },
      get life() {
        const [life] = running?.aggregator.tasks.values() ?? [];
        if (life === undefined) throw new TypeError(`${name} is not at work`);
        return life;
      },
      async start() {
        running = await open();
        url = running.url;
        await running.ready;
        if (parent !== undefined) return;
        const { owner } = options;
        const signed = owner === undefined
          ? await signTask(task, identity)
          : await signTaskFor(task, { owner, root: identity.publicKey });
        const model = modelFrom(task.model, task.train).initial(fromHex(task.seed));
        await running.aggregator.own({ signed, model });
      },
      async drain() {
        await running?.aggregator.drain();
      },
      async stop() {
        await running?.stop();
        running = undefined;
      },
    };
    await node.start();
    undo.defer(() => node.stop());
    return node;
  }

  const root = await addNode("root", undefined);
  const nodes = [root];
  let leaves = [root];
  for (const [level, width] of shape.entries()) {
    const parents = leaves;
    leaves = [];
    for (const parent of parents) {
      for (let i = 0; i < width; i++) {
        leaves.push(await addNode(`region-${level}-${leaves.length}`, parent));
      }
    }
    nodes.push(...leaves);
  }
  const everything = undo.move();
  return {
    ...{ id: await taskId(task), task, root, nodes, leaves, fetch, clock, until: watch.until },
    [Symbol.asyncDispose]: () => everything.disposeAsync(),
  };
}

/** To an app by its host name; one that is not there refuses the connection. */
async function route(hosts: ReadonlyMap<string, Fetch>, request: Request): Promise<Response> {
  const answer = hosts.get(new URL(request.url).host);
  if (answer === undefined) throw new TypeError("connection refused");
  return await answer(request);
}
