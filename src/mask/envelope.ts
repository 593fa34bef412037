/**
 * A share on its way to a helper: `1 ‖ j ‖ sid ‖ enc ‖ ct`, sealed by HPKE with `info = sid` and
 * `aad = id ‖ j ‖ H(c)`, where `id` are the 32 bytes of the client's id and `H(c)` is the tree digest
 * of its masked parcel. It opens for one helper, one client, one round and one parcel.
 *
 * @module
 */
import { concatBytes, equalBytes, fromBase64Url } from "../core/bytes.ts";
import { DIGEST_BYTES } from "../core/digest.ts";
import { TributaryError } from "../core/errors.ts";
import { MOST_HELPERS } from "./committee.ts";
import type { HelperKey } from "./helper_key.ts";
import { open, seal, SEAL_BYTES } from "./hpke.ts";

/** What an envelope is bound to. */
export interface EnvelopeBinding {
  /** The round's sid, 32 bytes. */
  readonly sid: Uint8Array;
  /** Id of the client that sends it. */
  readonly client: string;
  /** Which helper it is for, from 1. */
  readonly helper: number;
  /** Tree digest of the masked parcel that the share belongs to. */
  readonly parcel: Uint8Array;
}

/** First byte of every envelope. */
const VERSION = 1;
const SID_BYTES = 32;
const HEADER_BYTES = 2 + SID_BYTES;

/** Length of an envelope with a share of so many bytes. */
export function envelopeBytes(shareBytes: number): number {
  return HEADER_BYTES + SEAL_BYTES + shareBytes;
}

/**
 * Seals a share to a helper.
 *
 * @param share     Its bytes.
 * @param publicKey The helper's, raw.
 * @throws {TributaryError} `task-refused` if no secret can be agreed on with that key.
 */
export async function sealShare(
  share: Uint8Array,
  publicKey: Uint8Array,
  binding: EnvelopeBinding,
): Promise<Uint8Array<ArrayBuffer>> {
  const bound = sealBinding(binding);
  try {
    const sealed = await seal(publicKey, share, bound);
    return concatBytes([Uint8Array.of(VERSION, binding.helper), bound.info, sealed]);
  } catch (cause) {
    throw new TributaryError(
      "task-refused",
      `Cannot seal a share to helper ${binding.helper}: no secret can be agreed on with its key`,
      { cause },
    );
  }
}

/** What a helper opens an envelope with. */
export interface OpenEnvelopeOptions extends EnvelopeBinding {
  /** The helper's own key. */
  readonly key: HelperKey;
  /** How long its shares are: `shareBytes`. */
  readonly shareBytes: number;
}

/**
 * Opens an envelope.
 *
 * @returns The share, as long as it must be.
 * @throws {TributaryError} `envelope-malformed` for bytes that are no envelope of such a share,
 * `sid-mismatch` for one of another round, `envelope-misaddressed` for another helper's, and
 * `envelope-refused` if it does not open: it was changed, or sealed to another key, by another client
 * or for another parcel.
 */
export async function openShare(
  envelope: Uint8Array,
  options: OpenEnvelopeOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { sid, helper, key, shareBytes } = options;
  const expected = envelopeBytes(shareBytes);
  if (envelope.length !== expected || envelope[0] !== VERSION) {
    throw new TributaryError(
      "envelope-malformed",
      `Cannot open an envelope of ${envelope.length} bytes in version ${
        envelope[0]
      }: expected ${expected} in version ${VERSION}`,
    );
  }
  if (!equalBytes(envelope.subarray(2, HEADER_BYTES), sid)) {
    throw new TributaryError("sid-mismatch", "Cannot open an envelope: it is another round's");
  }
  if (envelope[1] !== helper) {
    throw new TributaryError(
      "envelope-misaddressed",
      `Cannot open an envelope: it is for helper ${envelope[1]}, this is helper ${helper}`,
    );
  }
  const binding = sealBinding(options);
  try {
    return await open(key, envelope.subarray(HEADER_BYTES), binding);
  } catch (cause) {
    throw new TributaryError(
      "envelope-refused",
      "Cannot open an envelope: it was changed, or sealed to another key, by another client or for another parcel",
      { cause },
    );
  }
}

function sealBinding(binding: EnvelopeBinding): { info: Uint8Array; aad: Uint8Array } {
  const { client, helper, parcel } = binding;
  if (!Number.isInteger(helper) || helper < 1 || helper > MOST_HELPERS) {
    throw new RangeError(`Cannot address helper ${helper}: expected 1 to ${MOST_HELPERS}`);
  }
  if (parcel.length !== DIGEST_BYTES) {
    throw new RangeError(`Cannot bind to a digest of ${parcel.length} bytes: expected 32`);
  }
  const id = fromBase64Url(client);
  if (id.length !== DIGEST_BYTES) {
    throw new RangeError(`Cannot bind to client "${client}": expected an identity's id`);
  }
  return { info: checkedSid(binding), aad: concatBytes([id, Uint8Array.of(helper), parcel]) };
}

function checkedSid({ sid }: EnvelopeBinding): Uint8Array {
  if (sid.length !== SID_BYTES) {
    throw new RangeError(`Cannot bind to a sid of ${sid.length} bytes: expected ${SID_BYTES}`);
  }
  return sid;
}
