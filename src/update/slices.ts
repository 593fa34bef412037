/**
 * A parcel in slices, and the digests by which each is checked as it arrives (DESIGN §3.4).
 *
 * @module
 */
import { cutBytes } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";
import { treeDigest } from "../core/digest.ts";

/** Bytes of every slice but the last: 1 MiB, whole words of the ring. */
export const SLICE_BYTES: number = 1 << 20;

/** How many slices a parcel of `bytes` bytes has. */
export function sliceCount(bytes: number): number {
  return Math.ceil(bytes / SLICE_BYTES);
}

/** The slices of a parcel in order, as views of it. */
export function slices(parcel: Uint8Array): Uint8Array[] {
  return cutBytes(parcel, SLICE_BYTES);
}

/** What a parcel is announced and checked by. */
export interface ParcelDigest {
  /** SHA-256 of each slice, 32 bytes. */
  readonly slices: readonly Uint8Array[];
  /** SHA-256 over those, in order: the parcel's digest. */
  readonly tree: Uint8Array;
}

/** Digests of a parcel's slices and of the whole. */
export async function parcelDigest(parcel: Uint8Array, digest: Digest): Promise<ParcelDigest> {
  const digests = await Promise.all(slices(parcel).map((slice) => digest(slice)));
  return { slices: digests, tree: await treeDigest(digests, digest) };
}
