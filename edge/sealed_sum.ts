/**
 * A sum of a round that takes no more updates, whole and with its digests.
 *
 * @module
 */
import { concatBytes, toHex } from "../src/core/bytes.ts";
import { slicesDigest } from "../src/core/digest.ts";
import { TributaryError } from "../src/core/errors.ts";
import { membersRoot } from "../src/wire/merkle.ts";
import { byMember } from "./kept_evidence.ts";
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
  const { store, digest } = world;
  const { parcelBytes, sliceBytes } = life.form;
  const { record, updates } = await life.committer.state();
  const name = record.sums[group];
  const bytes = name === undefined
    ? new Uint8Array(parcelBytes)
    : concatBytes(await slicesOf(name));
  if (bytes.length !== parcelBytes) {
    throw new TributaryError(
      "store-failed",
      `Cannot read the sum of round ${record.round.round}: ${bytes.length} bytes are stored, ` +
        `expected ${parcelBytes}`,
    );
  }
  const inIt = byMember([...updates.values()].filter((row) => (row.group ?? 0) === group));
  const { slices, tree } = await slicesDigest(bytes, { sliceBytes, digest });
  const members = await membersRoot(inIt, digest);
  return { bytes, slices, digest: toHex(tree), members, updates: inIt };

  async function slicesOf(name: string): Promise<Uint8Array[]> {
    const count = Math.ceil(parcelBytes / sliceBytes);
    const indices = Array.from({ length: count }, (_, index) => index);
    const parts = await Promise.all(indices.map((index) => store.slice(life.id, name, index)));
    return parts.map((part) => part ?? new Uint8Array(0));
  }
}
