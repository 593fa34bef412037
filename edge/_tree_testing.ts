/**
 * What the tests of whole trees share: a root and regions in this process, over stores that may fail
 * and processes that may die.
 *
 * @module
 */
import type { Clock } from "../src/core/clock.ts";
import { TributaryError } from "../src/core/errors.ts";
import type { Fetch } from "../src/core/fetch.ts";
import { generateIdentity, type Identity } from "../src/core/identity.ts";
import { type RandomSource, systemRandom } from "../src/core/random.ts";
import { createPeer, type Peer } from "../src/wire/peer.ts";
import { planDigest } from "../src/wire/session_id.ts";
import { signTask, type Task, taskId } from "../src/wire/task.ts";
import { module, nodeDigest, parcelDigest, parcelOf, sumStrategy } from "./_testing.ts";
import { type AggregatorApp, createAggregatorApp } from "./app.ts";
import type { Limits } from "./limits.ts";
import { memoryStore } from "./memory/store.ts";
import type { RoundStore } from "./store.ts";

/** A process: an aggregator over a store, which can be killed and started again. */
export interface Process {
  readonly identity: Identity;
  /** Its store, which outlives it. */
  readonly store: RoundStore;
  /** Reaches whichever life is running; fails while there is none, or when it dies. */
  readonly fetch: Fetch;
  /** The running app. */
  readonly app: AggregatorApp;
  /** Kills it without a word. */
  kill(): void;
  /** Starts it again. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** What a process does when it starts. */
export type Begin = (app: AggregatorApp) => Promise<unknown>;

/** How a process is made. */
export interface ProcessOptions {
  readonly clock: Clock;
  readonly parent?: Process;
  readonly store?: RoundStore;
  /** One of its own by default. */
  readonly identity?: Identity;
  /** Bounds that differ from the defaults. */
  readonly limits?: Partial<Limits>;
  readonly begin: Begin;
  /** The platform's by default. */
  readonly random?: RandomSource;
  /** How a root reaches its helpers. */
  readonly fetch?: Fetch;
  /** Stands between the process and its store. */
  wrap?(store: RoundStore): RoundStore;
}

/** A process that is not started yet. */
async function createProcess(options: ProcessOptions): Promise<Process> {
  const { clock, parent, begin, wrap = (store) => store } = options;
  const identity = options.identity ?? await generateIdentity();
  const store = options.store ?? memoryStore();
  let life: { app: AggregatorApp; dead: PromiseWithResolvers<never>; alive: boolean } | undefined;
  const ended: PromiseLike<void>[] = [];

  /** A store that its process can reach no more once it is dead. */
  function mortal<T extends object>(inner: T, isAlive: () => boolean): T {
    return new Proxy(inner, {
      get(target, name) {
        const value = Reflect.get(target, name);
        if (name === "shared" && value) return mortal<object>(value, isAlive);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) =>
          isAlive()
            ? Reflect.apply(value, target, args)
            : Promise.reject(new TributaryError("store-failed", "Cannot write: it is dead"));
      },
    });
  }

  const self: Process = {
    identity,
    store,
    get app() {
      if (life === undefined) throw new Error("not started");
      return life.app;
    },
    async fetch(request) {
      const current = life;
      if (current?.alive !== true) throw new TypeError("connection refused");
      const answer = Promise.resolve(current.app.fetch(request));
      // What a dead process was about to answer must not outlast the test either.
      ended.push(answer.then(() => {}, () => {}));
      return await Promise.race([current.dead.promise, answer]);
    },
    kill() {
      if (life === undefined) return;
      life.alive = false;
      life.dead.reject(new TypeError("connection reset"));
      ended.push(life.app.aggregator[Symbol.asyncDispose]());
    },
    async start() {
      const dead = Promise.withResolvers<never>();
      dead.promise.catch(() => {});
      const current = { alive: true, dead } as NonNullable<typeof life>;
      current.app = createAggregatorApp({
        module,
        identity,
        clock,
        random: options.random ?? systemRandom,
        digest: nodeDigest,
        store: mortal(wrap(store), () => current.alive),
        ...(options.limits && { limits: options.limits }),
        ...(parent === undefined
          ? { strategy: () => sumStrategy, ...(options.fetch && { fetch: options.fetch }) }
          : { parent: { url: "http://parent.test" }, fetch: parent.fetch }),
      });
      life = current;
      await begin(current.app);
    },
    async stop() {
      await life?.app.aggregator[Symbol.asyncDispose]();
      await Promise.all(ended);
    },
  };
  return self;
}

/** A root that owns a task from its first start on. */
export async function createRootProcess(
  clock: Clock,
  task: Task,
  options: Partial<Pick<ProcessOptions, "wrap" | "fetch" | "store" | "identity" | "limits">> = {},
): Promise<Process> {
  const words = task.update.tensors[0]?.shape[0] ?? 1;
  const model = { w: { shape: [words], data: new Float32Array(words) } };
  const root: Process = await createProcess({
    clock,
    ...options,
    begin: async (app) => {
      // Owned before it is ready, so that nobody takes the task for unknown.
      await app.aggregator.own({ signed: await signTask(task, root.identity), model });
      await app.aggregator.start();
    },
  });
  return root;
}

/** A region of a parent. */
export async function createRegionProcess(
  clock: Clock,
  parent: Process,
  options: Partial<Omit<ProcessOptions, "clock" | "parent" | "begin">> = {},
): Promise<Process> {
  return await createProcess({ clock, parent, begin: (app) => app.aggregator.start(), ...options });
}

/** A peer that tries until it gets through. */
export function patientPeer(clock: Clock, fetch: Fetch, identity: Identity): Peer {
  return createPeer({
    url: "http://region.test",
    fetch,
    identity,
    clock,
    random: systemRandom,
    digest: nodeDigest,
    retry: { attempts: Infinity, minMs: 1, maxMs: 1 },
  });
}

/** What a client came through. */
export interface ClientRun {
  /** Number of each round that it got a receipt for. */
  readonly rounds: readonly number[];
  /** Version of the model at the end. */
  readonly version: number;
}

/** Enrols and takes part until the task ends, sending `words(round)`. */
export async function runClient(
  clock: Clock,
  region: Process,
  task: Task,
  words: (round: number) => number[],
): Promise<ClientRun> {
  const id = await taskId(task);
  const plan = await planDigest(task);
  const peer = patientPeer(clock, region.fetch, await generateIdentity());
  const offer = await peer.task(id);
  await peer.enrol(id, { kind: "client", size: 1, region: offer.region });
  const rounds: number[] = [];
  for (let after = 0;;) {
    const info = await peer.round(id, { after, waitS: 60, plan });
    if (info === undefined) continue;
    if (info.kind === "finished") return { rounds, version: info.model.version };
    const parcel = parcelOf(words(info.round));
    const { slices } = await parcelDigest(parcel);
    const { round, sid } = info;
    await peer.putUpdate(id, { round, sid, clients: 1, parcel, slices, region: offer.region });
    rounds.push(round);
    after = round;
  }
}
