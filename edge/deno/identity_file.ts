/**
 * An identity that outlives the process, in a file.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createPrivateKey, sign } from "node:crypto";
import { generateStoredIdentity, type Identity, importIdentity } from "../../src/core/identity.ts";

/**
 * The identity in a file; a new one is made, readable by its owner alone, if there is no file.
 *
 * @param path Of PKCS #8 bytes.
 * @throws {TypeError} If the file is no Ed25519 private key.
 */
export async function loadIdentity(path: string): Promise<Identity> {
  const pkcs8 = await readOrCreate(path);
  const identity = await importIdentity(pkcs8);
  // Signing here takes a third of WebCrypto's time, which goes through a pool of threads.
  const key = createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" });
  return {
    ...identity,
    sign: (bytes) => Promise.resolve(new Uint8Array(sign(null, bytes, key))),
  };
}

async function readOrCreate(path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const { pkcs8 } = await generateStoredIdentity();
  // A second process that was first has made another one: then this fails, and nothing is lost.
  await Deno.writeFile(path, pkcs8, { createNew: true, mode: 0o600 });
  return pkcs8;
}
