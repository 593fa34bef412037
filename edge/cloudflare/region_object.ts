/**
 * A region that lives in one Durable Object: its state is the object's database, its timers run while
 * the object is in memory, and an alarm brings it back when the platform has put it out.
 *
 * @module
 */
import { importIdentity } from "../../src/core/identity.ts";
import type { Admit } from "../admission.ts";
import { type AggregatorApp, createAggregatorApp } from "../app.ts";
import type { Limits } from "../limits.ts";
import { type Logger, silent } from "../logger.ts";
import type { ParentOptions } from "../region.ts";
import { createSharding } from "../sharding.ts";
import { type AccumulatorNamespace, accumulatorsOf } from "./accumulator_object.ts";
import type { ObjectStorage } from "./database.ts";
import { objectStore } from "./store.ts";

/** What the platform gives an object, as far as a region uses it. */
export interface ObjectState {
  /** Tells it from all others. */
  readonly id: { toString(): string };
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
  /** Whom it sums for. */
  readonly parent: ParentOptions;
  /** The compiled `aggregate` core, which a worker imports. */
  readonly module: WebAssembly.Module;
  /**
   * Where parcels of more than 16 Mi values are added, each of these objects a range; without a binding
   * they all are in the region's own.
   */
  readonly accumulators?: AccumulatorNamespace;
  /** Decides who may become a member; everyone by default. */
  readonly admit?: Admit;
  /**
   * Time between alarms while a task goes on, in milliseconds; 10 000 by default. A region waits for
   * its parent all the time, so it is to be in memory; one that was put out comes back within this.
   */
  readonly wakeMs?: number;
  /** Bounds that differ from those for an object. */
  readonly limits?: Partial<Limits>;
  /** Says nothing by default. */
  readonly logger?: Logger;
}

/** An object as the platform calls it. */
export interface RegionObject {
  /** Answers a request. */
  fetch(request: Request): Promise<Response>;
  /** Goes on after the object was put out of memory. */
  alarm(): Promise<void>;
}

/** An object has 128 MB, of which the code, the core and its accumulator take their part. */
const OBJECT_LIMITS: Partial<Limits> = { inFlightBytes: 24 << 20, heldBytes: 8 << 20 };

/**
 * The class of objects that are regions.
 *
 * @param optionsOf Gives what a region is made of from the bindings and secrets of its worker.
 */
export function regionObject<Env>(
  optionsOf: (env: Env) => RegionObjectOptions,
): new (state: ObjectState, env: Env) => RegionObject {
  return class implements RegionObject {
    readonly #storage: ObjectState["storage"];
    readonly #logger: Logger;
    readonly #wakeMs: number;
    readonly #app: Promise<AggregatorApp>;
    #isStarting = false;

    constructor(state: ObjectState, env: Env) {
      const options = optionsOf(env);
      this.#storage = state.storage;
      this.#logger = options.logger ?? silent;
      this.#wakeMs = options.wakeMs ?? 10_000;
      this.#app = state.blockConcurrencyWhile(async () => {
        if (await state.storage.getAlarm() === null) await this.#setAlarm();
        return await appOf(state, options);
      });
    }

    async fetch(request: Request): Promise<Response> {
      const app = await this.#app;
      this.#start(app);
      return await app.fetch(request);
    }

    async alarm(): Promise<void> {
      const app = await this.#app;
      this.#start(app);
      const tasks = [...app.aggregator.tasks.values()];
      const isOver = tasks.length > 0 && tasks.every((task) => task.status().phase === "finished");
      // However often it rings for one time, there is one next alarm.
      if (!isOver) await this.#setAlarm();
    }

    async #setAlarm(): Promise<void> {
      await this.#storage.setAlarm(Date.now() + this.#wakeMs);
    }

    /** Takes up what the store has. One that failed is tried again by the next request or alarm. */
    #start({ aggregator }: AggregatorApp): void {
      if (aggregator.isReady || this.#isStarting) return;
      this.#isStarting = true;
      aggregator.start()
        .catch((error) => this.#logger({ kind: "failure", doing: "starting", error }))
        .finally(() => this.#isStarting = false);
    }
  };
}

async function appOf(
  { id, storage }: ObjectState,
  { accumulators, admit, identity, limits, logger, module, parent }: RegionObjectOptions,
): Promise<AggregatorApp> {
  const store = objectStore(storage);
  const sharding = accumulators && createSharding(store, accumulatorsOf(accumulators, String(id)));
  return createAggregatorApp({
    ...{ store, ...sharding },
    identity: await importIdentity(identity),
    ...{ module, parent },
    limits: { ...OBJECT_LIMITS, ...(sharding && { shardValues: 16 << 20 }), ...limits },
    ...(admit === undefined ? {} : { admit }),
    ...(logger === undefined ? {} : { logger }),
  });
}
