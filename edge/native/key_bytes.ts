/**
 * Files of keys.
 *
 * @module
 */
import { readFile, writeFile } from "node:fs/promises";

/**
 * The bytes of a key file; if there is no such file, those of a new key, in a file that its owner alone
 * can read.
 *
 * @param path Of PKCS #8 bytes.
 * @param make Gives the bytes of a new key.
 */
export async function readOrMakeKey(
  path: string,
  make: () => Promise<Uint8Array>,
): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== "ENOENT") throw error;
  }
  const pkcs8 = await make();
  // A second process that was first has made another one: then this fails, and nothing is lost.
  await writeFile(path, pkcs8, { flag: "wx", mode: 0o600 });
  return pkcs8;
}
