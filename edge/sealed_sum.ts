/**
 * The sum of a round that takes no more updates, whole and with its digests.
 *
 * @module
 */
import { concatBytes, toHex } from "../src/core/bytes.ts";
import { TributaryError } from "../src/core/errors.ts";
import { parcelDigest, sliceCount } from "../src/update/slices.ts";
import { membersRoot } from "../src/wire/merkle.ts";
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
}

/**
 * Reads the sum of the latest round; zeros if there was no update.
 *
 * @throws {TributaryError} `store-failed` if it is not there whole.
 */
export async function readSealedSum(world: World, life: TaskLife): Promise<SealedSum> {
  const { store, digest } = world;
  const { record, updates } = await life.committer.state();
  const bytes = record.sum === null
    ? new Uint8Array(life.parcelBytes)
    : concatBytes(await slicesOf(record.sum));
  if (bytes.length !== life.parcelBytes) {
    throw new TributaryError(
      "store-failed",
      `Cannot read the sum of round ${record.round.round}: ${bytes.length} bytes are stored, ` +
        `expected ${life.parcelBytes}`,
    );
  }
  const { slices, tree } = await parcelDigest(bytes, digest);
  const members = await membersRoot([...updates.values()], digest);
  return { bytes, slices, digest: toHex(tree), members };

  async function slicesOf(name: string): Promise<Uint8Array[]> {
    const indices = Array.from({ length: sliceCount(life.parcelBytes) }, (_, index) => index);
    const parts = await Promise.all(indices.map((index) => store.slice(life.id, name, index)));
    return parts.map((part) => part ?? new Uint8Array(0));
  }
}
