/**
 * SHA-256, and the tree digest that lets a parcel be checked slice by slice as it arrives.
 *
 * @module
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, cutBytes } from "./bytes.ts";

/**
 * SHA-256 of `bytes`, 32 bytes long.
 *
 * Injected, because the fastest one differs: a synchronous native hash in Deno and Node, WebCrypto
 * in browsers and Workers.
 */
export type Digest = (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>;

/** Bytes in one digest. */
export const DIGEST_BYTES = 32;

/** SHA-256 by WebCrypto, which every runtime has. */
export const webDigest: Digest = async (bytes): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));

/**
 * SHA-256 at once, in JavaScript: for many short texts, where each trip to WebCrypto takes ten times
 * as long.
 */
export const promptDigest = (bytes: Uint8Array): Uint8Array => sha256(bytes);

/**
 * Digest of a parcel: SHA-256 over the SHA-256 digests of its slices, in order.
 *
 * @param slices Digests of the slices, {@link DIGEST_BYTES} each.
 * @param digest SHA-256.
 */
export async function treeDigest(
  slices: readonly Uint8Array[],
  digest: Digest,
): Promise<Uint8Array> {
  return await digest(concatBytes(slices));
}

/** What bytes that travel in slices are announced and checked by. */
export interface SlicesDigest {
  /** SHA-256 of each slice, in order. */
  readonly slices: readonly Uint8Array[];
  /** {@link treeDigest} of those. */
  readonly tree: Uint8Array;
}

/** Digests of the slices of `bytes`, each but the last `sliceBytes` long, and of the whole. */
export async function slicesDigest(
  bytes: Uint8Array,
  { sliceBytes, digest }: { readonly sliceBytes: number; readonly digest: Digest },
): Promise<SlicesDigest> {
  const slices = await Promise.all(cutBytes(bytes, sliceBytes).map((slice) => digest(slice)));
  return { slices, tree: await treeDigest(slices, digest) };
}
