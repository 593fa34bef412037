/**
 * Authenticated boxes (X25519, XSalsa20, Poly1305), by `tweetnacl`: only the two whose keys they are
 * made with can open one, and neither can be made to take another's for it.
 *
 * The agreement is WebCrypto's, which is ten times as fast as one in JavaScript and takes the same time
 * for every secret; everything after it is the library's, and so is the form of the box.
 *
 * @module
 */
import nacl from "tweetnacl";
import { concatBytes } from "../core/bytes.ts";
import { TributaryError } from "../core/errors.ts";
import type { RandomSource } from "../core/random.ts";
import { NONCE_BYTES } from "../wire/phase_up.ts";
import { agree, type AgreementKey } from "./agreement.ts";

/** The library's core function, which its own agreement ends with. */
interface LowLevel {
  readonly lowlevel: {
    crypto_core_hsalsa20(
      out: Uint8Array,
      input: Uint8Array,
      key: Uint8Array,
      constants: Uint8Array,
    ): void;
  };
}

const SIGMA = new TextEncoder().encode("expand 32-byte k");

/**
 * The key of all boxes between two: what `nacl.box.before` gives.
 *
 * @throws {TributaryError} `key-malformed` as {@link agree}.
 */
export async function boxKey(own: AgreementKey, publicKey: Uint8Array): Promise<Uint8Array> {
  const secret = await agree(own, publicKey);
  const key = new Uint8Array(nacl.box.sharedKeyLength);
  const { lowlevel } = nacl as typeof nacl & LowLevel;
  lowlevel.crypto_core_hsalsa20(key, new Uint8Array(16), secret, SIGMA);
  secret.fill(0);
  return key;
}

/** A message in a box: nonce, then what the library makes of it. */
export function sealBox(
  key: Uint8Array,
  message: Uint8Array,
  random: RandomSource,
): Uint8Array<ArrayBuffer> {
  const nonce = random(NONCE_BYTES);
  return concatBytes([nonce, nacl.box.after(message, nonce, key)]);
}

/**
 * What is in a box.
 *
 * @throws {TributaryError} `box-refused` if it does not open.
 */
export function openBox(key: Uint8Array, box: Uint8Array): Uint8Array {
  const [nonce, sealed] = [box.slice(0, NONCE_BYTES), box.slice(NONCE_BYTES)];
  const message = nonce.length === NONCE_BYTES ? nacl.box.open.after(sealed, nonce, key) : null;
  if (message !== null) return message;
  throw new TributaryError(
    "box-refused",
    "Cannot open a box: it was changed, or sealed by or to another key",
  );
}
