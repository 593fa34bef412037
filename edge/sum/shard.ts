/**
 * An accumulator: holds a range of the slices of a task's parcels and sums, and adds them.
 *
 * It knows nothing of rounds. Whoever keeps the round's record tells it what to add under which new
 * name, refers to that name in a conditional write of its own, and so makes it true everywhere at once;
 * then it tells which names are not needed any more.
 *
 * @module
 */
import { TributaryError } from "../../src/core/errors.ts";
import { type RingName, ringOf } from "../../src/mask/ring.ts";
import type { RoundStore, SliceRow } from "../store.ts";
import { createSum, type Sum } from "./sum.ts";

/** What an accumulator adds. */
export interface ShardAddition {
  /** What in. */
  readonly ring: RingName;
  /** Length of its range. */
  readonly bytes: number;
  /** Name of the sum so far; zeros without one. */
  readonly from?: string | undefined;
  /** Name of the new sum; always of these very parcels. */
  readonly to: string;
  /** Names of the parcels. */
  readonly parcels: readonly string[];
}

/** One accumulator, here or elsewhere. Every call may be repeated. */
export interface Shard {
  /** Keeps slices of a parcel, durably no later than a sum in which they are. */
  put(task: string, slices: readonly SliceRow[]): Promise<void>;
  /** One slice. */
  slice(task: string, name: string, index: number): Promise<Uint8Array | undefined>;
  /**
   * Makes a sum of an older one and parcels; it is durable when this resolves.
   *
   * @throws {TributaryError} `store-failed` if a slice of them is missing; `residue-out-of-range` if a
   * word is no residue of the ring.
   */
  add(task: string, addition: ShardAddition): Promise<void>;
  /** Forgets parcels and sums. */
  drop(task: string, names: readonly string[]): Promise<void>;
}

/** An accumulator here. */
export interface LocalShard extends Shard, Disposable {}

/** What an accumulator is made of. */
export interface ShardOptions {
  /** Where it keeps what it holds; it does not dispose of it. */
  readonly store: RoundStore;
  /** The compiled `aggregate` core, of which it has one instance. */
  readonly module: WebAssembly.Module;
}

/** An accumulator that holds what its store holds. */
export function createShard({ store, module }: ShardOptions): LocalShard {
  let open: { readonly key: string; readonly sum: Sum } | undefined;
  let last: Promise<unknown> = Promise.resolve();

  /** What adds ranges of this length: always the same one while one task is cut in one way. */
  function sumFor(task: string, { ring, bytes }: ShardAddition): Sum {
    const key = `${task} ${ring} ${bytes}`;
    if (open?.key === key) return open.sum;
    open?.sum[Symbol.dispose]();
    const sum = createSum({ store, task, module, bytes, ring: ringOf(ring), heldBytes: 0 });
    open = { key, sum };
    return sum;
  }

  async function add(task: string, addition: ShardAddition): Promise<void> {
    const { from, to, parcels } = addition;
    const sum = sumFor(task, addition);
    // Slices are made in order: with the last one, all are there.
    if (await store.slice(task, to, sum.slices - 1) === undefined) {
      const staged = parcels.map((name) => ({ kind: "staged", name }) as const);
      await sum.add({ from, to, parcels: staged });
    }
    await settle(task, to);
  }

  /** Only a conditional write is durable when it resolves, and everything before it is too. */
  async function settle(task: string, made: string): Promise<void> {
    const stored = await store.read(task);
    if (await store.write(task, stored?.version ?? 0, { record: { made } })) return;
    throw new TributaryError(
      "store-failed",
      `Cannot add to ${made}: another writer was first, expected to be the only one`,
    );
  }

  return {
    put: (task, slices) => store.put(task, slices),
    slice: (task, name, index) => store.slice(task, name, index),
    async add(task, addition) {
      // One after the other: they share the core's memory.
      const turn = last.then(() => add(task, addition));
      last = turn.catch(() => {});
      await turn;
    },
    async drop(task, names) {
      for (const name of names) await store.drop(task, name);
    },
    [Symbol.dispose]() {
      open?.sum[Symbol.dispose]();
      open = undefined;
    },
  };
}
