/**
 * One task of a region, in one Durable Object that is named after it: its state is the object's
 * database, its timers run while the object is in memory, and an alarm brings it back when the platform
 * has put it out.
 *
 * @module
 */
import { TributaryError } from "../../src/core/errors.ts";
import { importIdentity } from "../../src/core/identity.ts";
import { problemOf } from "../../src/wire/problem.ts";
import type { Admit } from "../access/admission.ts";
import { type AggregatorApp, aggregatorApp } from "../app.ts";
import type { Limits } from "../limits.ts";
import { type Logger, silent } from "../logger.ts";
import type { Observer } from "../observer.ts";
import { addressFromHeader } from "../http/sender_address.ts";
import { createSharding } from "../sum/sharding.ts";
import { createSums } from "../sum/sums.ts";
import { type AccumulatorNamespace, accumulatorsOf } from "./accumulator_object.ts";
import type { ObjectStorage } from "./database.ts";
import { fixedLengthFetch } from "./fixed_length_fetch.ts";
import { objectNonceLog } from "./nonce_log.ts";
import type { ParentTask } from "../secrets.ts";
import { objectStore, openAggregator } from "./store.ts";

/** What the platform gives an object, as far as a region uses it. */
export interface ObjectState {
  /** Tells it from all others; the platform does not always know the name that it was made of. */
  readonly id: { toString(): string; readonly name?: string | undefined };
  /** Its storage; the class must be one with SQLite. */
  readonly storage: ObjectStorage & {
    /** When the alarm rings; null where none is set. */
    getAlarm(): Promise<number | null>;
    /** Sets the one alarm of the object. */
    setAlarm(atMs: number): Promise<void>;
  };
  /** Keeps requests waiting until this is through. */
  blockConcurrencyWhile<T>(run: () => Promise<T>): Promise<T>;
}

/** What a region is made of. */
export interface RegionObjectOptions {
  /** Who it is: PKCS #8 bytes of an Ed25519 key. The same object goes with the same key. */
  readonly identity: Uint8Array;
  /** The task, and whom it sums for in it. */
  readonly parent: ParentTask;
  /** The compiled `aggregate` core, which a worker imports. */
  readonly module: WebAssembly.Module;
  /**
   * Where parcels of more than 16 Mi values are added, each of these objects a range; without a binding
   * they all are in the region's own.
   */
  readonly accumulators?: AccumulatorNamespace;
  /** Decides who may become a member; everyone by default. */
  readonly admit?: Admit;
  /** Ids of those who may see the roster, issue one-time tokens and have it drain. */
  readonly operators?: readonly string[];
  /**
   * Time between alarms while a task goes on, in milliseconds; 10 000 by default. A region waits for
   * its parent all the time, so it is to be in memory; one that was put out comes back within this.
   */
  readonly wakeMs?: number;
  /** Bounds that differ from those for an object. */
  readonly limits?: Partial<Limits>;
  /** Says nothing by default. */
  readonly logger?: Logger;
  /** Whoever watches an object at work; nobody by default. */
  readonly observers?: readonly Observer[];
}

/** An object as the platform calls it. */
export interface RegionObject {
  /** Answers a request. */
  fetch(request: Request): Promise<Response>;
  /** Goes on after the object was put out of memory. */
  alarm(): Promise<void>;
}

/** Time between alarms unless another is given, in milliseconds. */
const WAKE_MS = 10_000;

/** An object has 128 MB, of which the code, the core and its accumulator take their part. */
const OBJECT_LIMITS: Partial<Limits> = {
  ...{ inFlightBytes: 24 << 20, heldBytes: 8 << 20 },
  // 30 MB if all are in use, and as much for keys.
  nonces: 100_000,
};

/**
 * The class of objects that are regions.
 *
 * @param optionsOf Gives what a region is made of from the bindings and secrets of its worker, and the
 * digest of the object's task; undefined if the region takes no part in that.
 */
export function regionObject<Env>(
  optionsOf: (env: Env, task: string) => RegionObjectOptions | undefined,
): new (state: ObjectState, env: Env) => RegionObject {
  return class implements RegionObject {
    readonly #storage: ObjectState["storage"];
    readonly #app: Promise<AggregatorApp | undefined>;
    #logger: Logger = silent;
    #wakeMs = WAKE_MS;
    #isStarting = false;

    constructor(state: ObjectState, env: Env) {
      this.#storage = state.storage;
      this.#app = state.blockConcurrencyWhile(async () => {
        const database = openAggregator(state.storage);
        const store = objectStore(database);
        const [known] = await store.tasks();
        const task = state.id.name ?? known;
        const options = task === undefined ? undefined : optionsOf(env, task);
        if (options === undefined) return undefined;
        this.#logger = options.logger ?? silent;
        this.#wakeMs = options.wakeMs ?? WAKE_MS;
        if (await state.storage.getAlarm() === null) await this.#setAlarm();
        const { accumulators, limits } = options;
        const sharding = accumulators &&
          createSharding(store, accumulatorsOf(accumulators, String(state.id)));
        const app = aggregatorApp({
          ...options,
          ...{
            store: sharding?.store ?? store,
            fetch: fixedLengthFetch,
            nonceLog: objectNonceLog(database),
          },
          addressOf: addressFromHeader("cf-connecting-ip"),
          identity: await importIdentity(options.identity),
          limits: { ...OBJECT_LIMITS, ...(sharding && { shardValues: 16 << 20 }), ...limits },
        }, sharding?.sums ?? createSums);
        // What is stored takes no word from the parent, so that the first request is answered already.
        if (known !== undefined) await this.#start(app);
        return app;
      });
    }

    async fetch(request: Request): Promise<Response> {
      const app = await this.#app;
      if (app === undefined) return unknownTask();
      void this.#start(app);
      return await app.fetch(request);
    }

    async alarm(): Promise<void> {
      const app = await this.#app;
      if (app === undefined) return;
      const { tasks } = app.aggregator;
      const isOver = [...tasks.values()].some((task) => task.status().phase === "finished");
      if (isOver) return;
      // First, so that whatever fails from here on, it rings again; and however often it rings for one
      // time, there is one next alarm.
      await this.#setAlarm();
      void this.#start(app);
    }

    async #setAlarm(): Promise<void> {
      await this.#storage.setAlarm(Date.now() + this.#wakeMs);
    }

    /** Takes up what the store has. One that failed is tried again by the next request or alarm. */
    async #start({ aggregator }: AggregatorApp): Promise<void> {
      if (aggregator.isReady || this.#isStarting) return;
      this.#isStarting = true;
      try {
        await aggregator.start();
      } catch (error) {
        this.#logger({ kind: "failure", doing: "starting", error });
      } finally {
        this.#isStarting = false;
      }
    }
  };
}

/** A worker asks for the tasks of its secrets alone, but these can be changed. */
function unknownTask(): Response {
  const detail = "Cannot find the task of this object: the region takes no part in it";
  const { status, headers, problem } = problemOf(new TributaryError("task-unknown", detail));
  return new Response(JSON.stringify(problem), { status, headers });
}
