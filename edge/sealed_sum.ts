/**
 * A sum of a round that takes no more updates, whole and with its digests.
 *
 * @module
 */
import { toHex } from "../src/core/bytes.ts";
import { slicesDigest } from "../src/core/digest.ts";
import { TributaryError } from "../src/core/errors.ts";
import { createAggregateCore } from "../src/wasm/aggregate.ts";
import { membersRoot } from "../src/wire/merkle.ts";
import { byMember } from "./kept_evidence.ts";
import { groupSums } from "./lanes.ts";
import type { UpdateRow } from "./store.ts";
import type { TaskLife } from "./task_life.ts";
import type { World } from "./world.ts";

/** A sum, and what vouches for it. */
export interface SealedSum {
  /** The words. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** SHA-256 of each slice. */
  readonly slices: readonly Uint8Array[];
  /** Tree digest, hex. */
  readonly digest: string;
  /** Merkle root of the updates in it, hex. */
  readonly members: string;
  /** Those updates, by ascending id of their members. */
  readonly updates: readonly UpdateRow[];
}

/**
 * Reads a sum of the latest round; zeros if there was no update.
 *
 * @param group Which one; 0 where a round has one sum.
 * @throws {TributaryError} `store-failed` if it is not there whole.
 */
export async function readSealedSum(
  world: World,
  life: TaskLife,
  group: number,
): Promise<SealedSum> {
  const { digest } = world;
  const { sliceBytes } = life.form;
  const { record, updates } = await life.committer.state();
  const bytes = await addLanes(world, life, groupSums(record.sums, group));
  const inIt = byMember([...updates.values()].filter((row) => (row.group ?? 0) === group));
  const { slices, tree } = await slicesDigest(bytes, { sliceBytes, digest });
  const members = await membersRoot(inIt, digest);
  return { bytes, slices, digest: toHex(tree), members, updates: inIt };
}

/** Slices that are read side by side. */
const WIDTH = 8;

/** The sum of the sums of these names, in the task's ring; zeros if there is none. */
async function addLanes(
  { store, module }: World,
  { id, form }: TaskLife,
  names: readonly string[],
): Promise<Uint8Array<ArrayBuffer>> {
  const { parcelBytes, sliceBytes, mask: { ring } } = form;
  const sum = new Uint8Array(parcelBytes);
  using core = names.length > 1 ? createAggregateCore(module) : undefined;
  const [acc, next] = [core?.memory.alloc(sliceBytes), core?.memory.alloc(sliceBytes)];

  /** Without an await, as all slices use the same memory. */
  function add([first, ...others]: readonly Uint8Array[], at: number): void {
    if (first !== undefined) sum.set(first, at);
    for (const slice of others) {
      if (core === undefined || acc === undefined || next === undefined) return;
      const to = { ptr: acc.ptr, bytes: slice.length };
      const from = { ptr: next.ptr, bytes: slice.length };
      core.memory.u8(to).set(sum.subarray(at, at + slice.length));
      core.memory.u8(from).set(slice);
      ring.add(core, to, from);
      sum.set(core.memory.u8(to), at);
    }
  }

  async function read(name: string, at: number): Promise<Uint8Array> {
    const [index, bytes] = [at / sliceBytes, Math.min(sliceBytes, parcelBytes - at)];
    const slice = await store.slice(id, name, index);
    if (slice?.length !== bytes) throw notWhole(name, { index, bytes, found: slice?.length });
    return slice;
  }

  const starts = Array.from(
    { length: Math.ceil(parcelBytes / sliceBytes) },
    (_, i) => i * sliceBytes,
  );
  const width = Math.ceil(WIDTH / Math.max(1, names.length));
  for (let first = 0; first < starts.length; first += width) {
    await Promise.all(
      starts.slice(first, first + width).map(async (at) => {
        add(await Promise.all(names.map((name) => read(name, at))), at);
      }),
    );
  }
  return sum;
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
