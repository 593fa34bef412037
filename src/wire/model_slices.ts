/**
 * Reading a model that is too large to hold: slice by slice, and its digest at the end.
 *
 * @module
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { toHex } from "../core/bytes.ts";
import { TributaryError } from "../core/errors.ts";
import type { ModelInfo } from "./round_info.ts";

/** Where slices go. */
export interface ModelSlices {
  /** Length of every slice but the last. */
  readonly sliceBytes: number;
  /** Takes a slice; the next one is read into the same memory when it resolves. */
  take(index: number, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
}

/** The error for bytes that are not the model announced. */
export function otherModel(info: ModelInfo, bytes: number): TributaryError {
  return new TributaryError(
    "model-invalid",
    `Cannot use model ${info.version}: ${bytes} bytes of another digest, ` +
      `expected ${info.bytes} bytes of ${info.digest}`,
  );
}

/**
 * Hands on the slices of a model as they arrive. What was taken is of no model before it resolves.
 *
 * The digest is computed in JavaScript, a fifth as fast as the platform's own, which hashes what is
 * whole: 16 Mi values take a third of a second, and no memory.
 *
 * @throws {TributaryError} `model-invalid` unless all of them together have the announced digest.
 */
export async function takeModel(
  chunks: AsyncIterable<Uint8Array>,
  info: ModelInfo,
  { sliceBytes, take }: ModelSlices,
): Promise<void> {
  const hash = sha256.create();
  let [bytes, index, filled] = [0, 0, 0];
  let slice = new Uint8Array(Math.min(sliceBytes, info.bytes));
  for await (let rest of chunks) {
    hash.update(rest);
    bytes += rest.length;
    if (bytes > info.bytes) throw otherModel(info, bytes);
    while (rest.length > 0) {
      const part = rest.subarray(0, slice.length - filled);
      slice.set(part, filled);
      filled += part.length;
      rest = rest.subarray(part.length);
      if (filled < slice.length) continue;
      await take(index++, slice);
      filled = 0;
      slice = slice.subarray(0, Math.max(0, info.bytes - index * sliceBytes));
    }
  }
  if (bytes !== info.bytes || toHex(hash.digest()) !== info.digest) throw otherModel(info, bytes);
}
