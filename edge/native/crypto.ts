/**
 * What `node:crypto` does faster than WebCrypto.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash, createPublicKey, verify } from "node:crypto";
import type { Digest } from "../../src/core/digest.ts";
import type { CheckOf } from "../../src/core/identity.ts";

/** SHA-256 by the platform, at once: faster than WebCrypto, which goes through a pool of threads. */
export const nativeDigest: Digest = (bytes) =>
  new Uint8Array(createHash("sha256").update(bytes).digest());

/** RFC 8410: what stands before the raw key in an Ed25519 SubjectPublicKeyInfo. */
const SPKI_PREFIX = Uint8Array.of(
  0x30,
  0x2a,
  0x30,
  0x05,
  0x06,
  0x03,
  0x2b,
  0x65,
  0x70,
  0x03,
  0x21,
  0,
);

/** Ed25519 by the platform, at once, for the same reason. */
export const nativeCheckOf: CheckOf = (publicKey) => {
  const der = Buffer.concat([SPKI_PREFIX, publicKey]);
  const key = createPublicKey({ key: der, format: "der", type: "spki" });
  return (bytes, signature) => verify(null, bytes, key, signature);
};
