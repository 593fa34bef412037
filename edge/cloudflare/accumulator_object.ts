/**
 * An accumulator that lives in one Durable Object: a range of the slices of a task's parcels and sums.
 *
 * @module
 */
import { createShard, type Shard } from "../sum/shard.ts";
import type { ObjectStorage } from "./database.ts";
import { answerShard, remoteShard, type Stub } from "./shard_calls.ts";
import { objectStore, openAggregator } from "./store.ts";

/** What the platform gives an object, as far as an accumulator uses it. */
export interface AccumulatorState {
  /** Its storage; the class must be one with SQLite. */
  readonly storage: ObjectStorage;
}

/** An object as the platform calls it. */
export interface AccumulatorObject {
  /** Answers a call of the round's object. */
  fetch(request: Request): Promise<Response>;
}

/** A binding of accumulators, as far as a round's object uses it. */
export interface AccumulatorNamespace {
  /** Id of an object by its name. */
  idFromName(name: string): unknown;
  /** The object of an id. */
  get(id: never): Stub;
}

/**
 * The class of objects that are accumulators, each with one instance of the core.
 *
 * @param module The compiled `aggregate` core, which a worker imports.
 */
export function accumulatorObject(
  module: WebAssembly.Module,
): new (state: AccumulatorState) => AccumulatorObject {
  return class implements AccumulatorObject {
    readonly #shard: Shard;

    constructor({ storage }: AccumulatorState) {
      this.#shard = createShard({ store: objectStore(openAggregator(storage)), module });
    }

    async fetch(request: Request): Promise<Response> {
      return await answerShard(this.#shard, request);
    }
  };
}

/**
 * The accumulators of one round object.
 *
 * @param namespace Their binding.
 * @param owner     Names the round object: its accumulators are its own.
 */
export function accumulatorsOf(
  namespace: AccumulatorNamespace,
  owner: string,
): (shard: number) => Shard {
  return (shard) =>
    remoteShard({
      stub: () => namespace.get(namespace.idFromName(`${owner}/${shard}`) as never),
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    });
}
