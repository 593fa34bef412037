/**
 * Keys that are the same in every run, so that a case is.
 *
 * @module
 */
import { concatBytes, fromHex } from "../../src/core/bytes.ts";
import { type Identity, importIdentity } from "../../src/core/identity.ts";
import { type HelperKey, importHelperKey } from "../../src/mask/helper_key.ts";

/** PKCS #8 (RFC 8410) of an Ed25519 key, before the key. */
const ED25519 = fromHex("302e020100300506032b657004220420");
/** The same of an X25519 key. */
const X25519 = fromHex("302e020100300506032b656e04220420");

/** 32 bytes. */
export function bytes32(byte: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(32).fill(byte);
}

/** The identity of a number. */
export async function fixedIdentity(byte: number): Promise<Identity> {
  return await importIdentity(concatBytes([ED25519, bytes32(byte)]));
}

/** The helper's key of a number. */
export async function fixedHelperKey(byte: number): Promise<HelperKey> {
  return await importHelperKey(concatBytes([X25519, bytes32(byte)]));
}
