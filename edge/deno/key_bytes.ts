/**
 * Files of keys.
 *
 * @module
 */

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
    return await Deno.readFile(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const pkcs8 = await make();
  // A second process that was first has made another one: then this fails, and nothing is lost.
  await Deno.writeFile(path, pkcs8, { createNew: true, mode: 0o600 });
  return pkcs8;
}
