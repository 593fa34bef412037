/**
 * What a signature is for. Every signed document starts with its own line, so that a signature given
 * for one purpose is never one for another.
 *
 * @module
 */
import { concatBytes, fromBase64Url, utf8 } from "../core/bytes.ts";
import { importPublicKey, verifySignature } from "../core/identity.ts";
import { canonicalBytes } from "../core/json.ts";

/** What can be signed, besides HTTP requests, whose signatures start with their components. */
export type Domain =
  | "task"
  | "receipt"
  | "log"
  | "log-head"
  | "submission"
  | "bundle"
  | "answer"
  | "helper"
  | "phase"
  | "succession"
  | "root";

/** The bytes that are signed: `tributary/<domain>/1\n`, then the document's canonical JSON. */
export function sealed(domain: Domain, document: unknown): Uint8Array {
  return concatBytes([utf8(`tributary/${domain}/1\n`), canonicalBytes(document)]);
}

/**
 * Whether `signature` is this key's over the document.
 *
 * @param signature base64url, as its schema demands.
 * @param publicKey Raw Ed25519 key; one that is no key at all verifies nothing.
 */
export async function verifySealed(
  domain: Domain,
  document: unknown,
  signature: string,
  publicKey: Uint8Array,
): Promise<boolean> {
  let key: CryptoKey;
  try {
    key = await importPublicKey(publicKey);
  } catch {
    return false;
  }
  return await verifySignature(key, sealed(domain, document), fromBase64Url(signature));
}
