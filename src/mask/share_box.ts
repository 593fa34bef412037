/**
 * What is in a box from a client to its neighbour: for which round and by whom, and one share of each
 * of its secrets.
 *
 *     sid 32 ‖ LE32(from) ‖ LE32(to) ‖ share of the self seed 36 ‖ share of the mask key 36
 *
 * @module
 */
import { concatBytes, equalBytes } from "../core/bytes.ts";
import { TributaryError } from "../core/errors.ts";
import { le32 } from "../wire/phase_reader.ts";
import { SECRET_SHARE_BYTES } from "../wire/phase_up.ts";
import { checkShare } from "./secret_shares.ts";

/** Shares of a client's secrets. */
export interface SharePair {
  /** Of the seed of its own mask. */
  readonly selfSeed: Uint8Array;
  /** Of the secret of its mask key. */
  readonly maskKey: Uint8Array;
}

/** What a box is bound to. */
export interface BoxBinding {
  /** The sid, 32 bytes. */
  readonly sid: Uint8Array;
  /** Place of the sender. */
  readonly from: number;
  /** Place of the receiver. */
  readonly to: number;
}

/** What goes into a box. */
export function boxText(
  binding: BoxBinding,
  shares: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  return concatBytes([headOf(binding), ...shares]);
}

/**
 * Reads what was in a box.
 *
 * @throws {TributaryError} `box-refused` if it is of another round or between others, `share-malformed`
 * if what it holds are no shares.
 */
export function readBoxText(text: Uint8Array, binding: BoxBinding): SharePair {
  const head = headOf(binding);
  if (!equalBytes(text.subarray(0, head.length), head)) {
    throw new TributaryError(
      "box-refused",
      `Cannot use a box: it is of another round, or not from place ${binding.from} to ${binding.to}`,
    );
  }
  const selfSeed = text.slice(head.length, head.length + SECRET_SHARE_BYTES);
  const maskKey = text.slice(head.length + SECRET_SHARE_BYTES);
  text.fill(0);
  checkShare(selfSeed);
  checkShare(maskKey);
  return { selfSeed, maskKey };
}

function headOf({ sid, from, to }: BoxBinding): Uint8Array {
  return concatBytes([sid, le32(from), le32(to)]);
}
