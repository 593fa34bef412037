/**
 * The keys of whoever runs a command, in files of theirs.
 *
 * @module
 */
import { loadHelperKey, loadIdentity } from "../../edge/deno/mod.ts";
import { TributaryError } from "../core/errors.ts";
import type { Identity } from "../core/identity.ts";
import type { HelperKey } from "../mask/mod.ts";

/**
 * The identity in a key file; a new one is made if there is no such file.
 *
 * @throws {TributaryError} `bad-data` if it is no key, `store-failed` if it can be neither read nor made.
 */
export async function openIdentity(path: string): Promise<Identity> {
  return await opened(path, "Ed25519", loadIdentity);
}

/**
 * The key in a file that shares are sealed to; a new one is made if there is no such file.
 *
 * @throws {TributaryError} `bad-data` if it is no such key, `store-failed` if it can be neither read nor
 * made.
 */
export async function openHelperKey(path: string): Promise<HelperKey> {
  return await opened(path, "X25519", loadHelperKey);
}

async function opened<T>(
  path: string,
  kind: string,
  load: (path: string) => Promise<T>,
): Promise<T> {
  try {
    return await load(path);
  } catch (cause) {
    const isSystem = cause instanceof Error && "code" in cause && typeof cause.code === "string" &&
      /^E[A-Z]+$/.test(cause.code);
    throw isSystem
      ? new TributaryError("store-failed", `Cannot open ${path}: expected a file for a key`, {
        cause,
      })
      : new TributaryError(
        "bad-data",
        `Cannot use ${path}: it holds no ${kind} key, expected one that this program made`,
        { cause },
      );
  }
}
