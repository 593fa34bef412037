/**
 * An identity that outlives the process, in a file.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createPrivateKey, sign } from "node:crypto";
import { generateStoredIdentity, type Identity, importIdentity } from "../../src/core/identity.ts";
import { readOrMakeKey } from "./key_bytes.ts";

/**
 * The identity in a file; a new one is made, readable by its owner alone, if there is no file.
 *
 * @param path Of PKCS #8 bytes.
 * @throws {TypeError} If the file is no Ed25519 private key.
 */
export async function loadIdentity(path: string): Promise<Identity> {
  const pkcs8 = await readOrMakeKey(path, async () => (await generateStoredIdentity()).pkcs8);
  const identity = await importIdentity(pkcs8);
  // Signing here takes a third of WebCrypto's time, which goes through a pool of threads.
  const key = createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" });
  return {
    ...identity,
    sign: (bytes) => Promise.resolve(new Uint8Array(sign(null, bytes, key))),
  };
}

/** An identity as it is, or the one in a file. */
export async function identityIn(given: Identity | string): Promise<Identity> {
  return typeof given === "string" ? await loadIdentity(given) : given;
}
