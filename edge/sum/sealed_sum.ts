/**
 * A sum of a round that takes no more updates, with its digests.
 *
 * @module
 */
import { toHex } from "../../src/core/bytes.ts";
import { treeDigest } from "../../src/core/digest.ts";
import { TributaryError } from "../../src/core/errors.ts";
import { createAggregateCore } from "../../src/wasm/aggregate.ts";
import { membersRoot } from "../../src/wire/merkle.ts";
import type { SlicedParcel } from "../../src/wire/upload_body.ts";
import { byMember } from "../upload/kept_evidence.ts";
import { groupSums } from "./lanes.ts";
import type { UpdateRow } from "../store.ts";
import type { TaskLife } from "../task/task_life.ts";
import type { World } from "../world.ts";

/** A sum, and what vouches for it. */
export interface SealedSum {
  /** The words, read anew slice by slice. */
  readonly parcel: SlicedParcel;
  /** SHA-256 of each slice. */
  readonly slices: readonly Uint8Array[];
  /** Tree digest, hex. */
  readonly digest: string;
  /** Merkle root of the updates in it, hex. */
  readonly members: string;
  /** Those updates, by ascending id of their members. */
  readonly updates: readonly UpdateRow[];
}

/** The same, of which all words are held. */
export interface WholeSum extends SealedSum {
  /** The words. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Slices that are read side by side. */
const WIDTH = 8;

/**
 * Reads a sum of the latest round through, a few slices at a time; zeros if there was no update.
 *
 * @param group Which one; 0 where a round has one sum.
 * @throws {TributaryError} `store-failed` if it is not there whole.
 */
export async function readSealedSum(
  world: World,
  life: TaskLife,
  group: number,
): Promise<SealedSum> {
  return await readThrough(world, life, { group, visit: () => {} });
}

/** Reads a sum as {@link readSealedSum}, and holds it. */
export async function readWholeSum(
  world: World,
  life: TaskLife,
  group: number,
): Promise<WholeSum> {
  const { parcelBytes, sliceBytes } = life.form;
  const bytes = new Uint8Array(parcelBytes);
  const visit = (slice: Uint8Array, index: number) => bytes.set(slice, index * sliceBytes);
  return { ...await readThrough(world, life, { group, visit }), bytes };
}

async function readThrough(
  world: World,
  life: TaskLife,
  { group, visit }: {
    readonly group: number;
    readonly visit: (slice: Uint8Array, index: number) => void;
  },
): Promise<SealedSum> {
  const { digest } = world;
  const { record, updates } = await life.committer.state();
  const names = groupSums(record.sums, group);
  const parcel = addedLanes(world, life, names);
  const indices = Array.from(
    { length: Math.ceil(parcel.bytes / parcel.sliceBytes) },
    (_, index) => index,
  );
  const slices: Uint8Array[] = [];
  const width = Math.ceil(WIDTH / Math.max(1, names.length));
  for (let first = 0; first < indices.length; first += width) {
    slices.push(
      ...await Promise.all(
        indices.slice(first, first + width).map(async (index) => {
          const slice = await parcel.slice(index);
          visit(slice, index);
          const hash = await digest(slice);
          world.store.release?.(slice);
          return hash;
        }),
      ),
    );
  }
  const inIt = byMember([...updates.values()].filter((row) => (row.group ?? 0) === group));
  const members = await membersRoot(inIt, digest);
  const tree = await treeDigest(slices, digest);
  return { parcel, slices, digest: toHex(tree), members, updates: inIt };
}

/** The sum of the sums of these names, in the task's ring; zeros if there is none. */
function addedLanes(
  { store, module }: World,
  { id, form }: TaskLife,
  names: readonly string[],
): SlicedParcel {
  const { parcelBytes, sliceBytes, mask: { ring } } = form;
  const lengthOf = (index: number) => Math.min(sliceBytes, parcelBytes - index * sliceBytes);

  async function read(name: string, index: number): Promise<Uint8Array> {
    const bytes = lengthOf(index);
    const slice = await store.slice(id, name, index);
    if (slice?.length !== bytes) throw notWhole(name, { index, bytes, found: slice?.length });
    return slice;
  }

  function add(slices: readonly Uint8Array[], bytes: number): Uint8Array {
    using core = createAggregateCore(module);
    const { memory } = core;
    const [acc, next] = [memory.alloc(bytes), memory.alloc(bytes)];
    memory.u8(acc).fill(0);
    for (const slice of slices) {
      memory.u8(next).set(slice);
      ring.add(core, acc, next);
    }
    return memory.u8(acc).slice();
  }

  return {
    bytes: parcelBytes,
    sliceBytes,
    release: (slice) => store.release?.(slice),
    async slice(index) {
      const slices = await Promise.all(names.map((name) => read(name, index)));
      const [only] = slices;
      if (only === undefined) return new Uint8Array(lengthOf(index));
      return slices.length === 1 ? only : add(slices, lengthOf(index));
    },
  };
}

function notWhole(
  name: string,
  { index, bytes, found }: {
    readonly index: number;
    readonly bytes: number;
    readonly found: number | undefined;
  },
): TributaryError {
  return new TributaryError(
    "store-failed",
    `Cannot read slice ${index} of ${name}: ${found ?? "no"} bytes are stored, expected ${bytes}`,
  );
}
