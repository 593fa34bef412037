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
  return await nativeIdentity(
    await readOrMakeKey(path, async () => (await generateStoredIdentity()).pkcs8),
  );
}

/**
 * The identity of PKCS #8 bytes, which signs in a third of the time that WebCrypto takes, as that goes
 * through a pool of threads.
 *
 * @throws {TypeError} If the bytes are no Ed25519 private key.
 */
export async function nativeIdentity(pkcs8: Uint8Array): Promise<Identity> {
  const identity = await importIdentity(pkcs8);
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
