/**
 * A helper's key that outlives the process, in a file.
 *
 * @module
 */
import {
  generateStoredHelperKey,
  type HelperKey,
  importHelperKey,
} from "../../src/mask/helper_key.ts";
import { readOrMakeKey } from "./key_bytes.ts";

/**
 * The key in a file that shares are sealed to; a new one is made, readable by its owner alone, if there
 * is no file.
 *
 * @param path Of PKCS #8 bytes.
 * @throws {TypeError} If the file is no X25519 private key.
 */
export async function loadHelperKey(path: string): Promise<HelperKey> {
  return await importHelperKey(
    await readOrMakeKey(path, async () => (await generateStoredHelperKey()).pkcs8),
  );
}
