/**
 * The running sum of a round: parcels in, slices of the new sum out, word by word in the task's ring.
 *
 * A sum is never changed in place. Adding makes a new one under a name of its own, and the record
 * that names it is the one commit point: a write that fails, or a crash, leaves the old sum whole.
 *
 * @module
 */
import { TributaryError } from "../../src/core/errors.ts";
import type { ParcelRing } from "../../src/mask/ring.ts";
import { type AggregateCore, createAggregateCore } from "../../src/wasm/aggregate.ts";
import type { Span } from "../../src/wasm/core_memory.ts";
import type { RoundStore, SliceRow } from "../store.ts";

/** A parcel that was read and checked. */
export type Parcel =
  /** In memory. */
  | { readonly kind: "held"; readonly slices: readonly Uint8Array[] }
  /** Too large to hold: slices in the store, under a name of its own. */
  | { readonly kind: "staged"; readonly name: string };

/** What a sum is made of. */
export interface SumOptions {
  /** Where it is kept. */
  readonly store: RoundStore;
  /** Digest of the task. */
  readonly task: string;
  /** The compiled `aggregate` core; each sum has an instance of its own. */
  readonly module: WebAssembly.Module;
  /** Length of a parcel, and of the sum: whole units of the ring. */
  readonly bytes: number;
  /** What parcels are added in. */
  readonly ring: ParcelRing;
  /** Longest sum that stays in memory between two calls; a longer one is read slice by slice. */
  readonly heldBytes: number;
}

/** An addition: which sum it starts from, what it adds, and the name of the new one. */
export interface Addition {
  /** Name of the sum so far; undefined for zeros. */
  readonly from: string | undefined;
  /** Name of the new sum; unused before. */
  readonly to: string;
  /** What to add. */
  readonly parcels: readonly Parcel[];
}

/** Adds parcels; owned by one serial caller. */
export interface Sum extends Disposable {
  /** Number of slices. */
  readonly slices: number;
  /**
   * Adds parcels to a stored sum.
   *
   * @returns Slices of the new sum for the write that refers to it, valid until the next call; none
   * if they were put in the store already.
   * @throws {TributaryError} `store-failed` if a stored slice is missing.
   */
  add(addition: Addition): Promise<readonly SliceRow[]>;
  /** A copy of one slice of a stored sum; zeros if `name` is undefined. */
  slice(name: string | undefined, index: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** The sum of a round; nothing is read before the first call. */
export function createSum(options: SumOptions): Sum {
  const { bytes, ring } = options;
  const { sliceBytes } = ring;
  const core = createAggregateCore(options.module);
  const slices = Math.ceil(bytes / sliceBytes);
  const lengthOf = (index: number) => Math.min(sliceBytes, bytes - index * sliceBytes);
  const stored = async (name: string, index: number): Promise<Uint8Array> => {
    const slice = await options.store.slice(options.task, name, index);
    if (slice?.length === lengthOf(index)) return slice;
    throw new TributaryError(
      "store-failed",
      `Cannot read slice ${index} of ${name}: ${slice?.length ?? "no"} bytes are stored, expected ${
        lengthOf(index)
      }`,
    );
  };
  const release = (slice: Uint8Array) => options.store.release?.(slice);
  const shape = { core, ring, slices, lengthOf, stored, release };
  const add = bytes <= options.heldBytes ? heldSum(shape) : storedSum(shape, options);
  return {
    slices,
    add,
    slice: async (name, index) =>
      name === undefined ? new Uint8Array(lengthOf(index)) : (await stored(name, index)).slice(),
    [Symbol.dispose]: () => core[Symbol.dispose](),
  };
}

interface SumShape {
  readonly core: AggregateCore;
  readonly ring: ParcelRing;
  readonly slices: number;
  lengthOf(index: number): number;
  stored(name: string, index: number): Promise<Uint8Array>;
  release(slice: Uint8Array): void;
}

/** Keeps the last sum in the core's memory, so that only parcels are copied. */
function heldSum(shape: SumShape): Sum["add"] {
  const { core, slices, lengthOf, stored } = shape;
  const { memory } = core;
  const spans = Array.from({ length: slices }, (_, index) => memory.alloc(lengthOf(index)));
  const scratch = memory.alloc(lengthOf(0));
  let held: string | undefined;
  let trusted = true;

  async function load(from: string | undefined): Promise<void> {
    for (const [index, span] of spans.entries()) {
      if (from === undefined) memory.u8(span).fill(0);
      else memory.u8(span).set(await stored(from, index));
    }
  }

  return async ({ from, to, parcels }) => {
    // What an earlier call made may never have been written: then its name is not asked for again.
    if (!trusted || held !== from || from === undefined) await load(from);
    trusted = false;
    for (const parcel of parcels) {
      for (const [index, span] of spans.entries()) {
        await addSlice(shape, { parcel, index, acc: span, scratch });
      }
    }
    held = to;
    trusted = true;
    return spans.map((span, index) => ({ name: to, index, bytes: memory.u8(span) }));
  };
}

/** Holds one slice of the sum and one of a parcel. */
function storedSum(shape: SumShape, options: SumOptions): Sum["add"] {
  const { core, slices, lengthOf, stored, release } = shape;
  const { memory } = core;
  const acc = memory.alloc(lengthOf(0));
  const scratch = memory.alloc(lengthOf(0));
  return async ({ from, to, parcels }) => {
    for (let index = 0; index < slices; index++) {
      const span: Span = { ptr: acc.ptr, bytes: lengthOf(index) };
      if (from === undefined) {
        memory.u8(span).fill(0);
      } else {
        const slice = await stored(from, index);
        memory.u8(span).set(slice);
        release(slice);
      }
      for (const parcel of parcels) await addSlice(shape, { parcel, index, acc: span, scratch });
      await options.store.put(options.task, [{ name: to, index, bytes: memory.u8(span) }]);
    }
    return [];
  };
}

async function addSlice(
  { core, ring, stored, release }: SumShape,
  { parcel, index, acc, scratch }: {
    readonly parcel: Parcel;
    readonly index: number;
    readonly acc: Span;
    readonly scratch: Span;
  },
): Promise<void> {
  const slice = parcel.kind === "held" ? parcel.slices[index] : await stored(parcel.name, index);
  if (slice === undefined) throw new RangeError(`Cannot add slice ${index}: the parcel has none`);
  const span: Span = { ptr: scratch.ptr, bytes: slice.length };
  core.memory.u8(span).set(slice);
  if (parcel.kind === "staged") release(slice);
  ring.add(core, acc, span);
}
