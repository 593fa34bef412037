/**
 * The key of whoever runs a command, in a file of theirs.
 *
 * @module
 */
import { loadIdentity } from "../../edge/deno/mod.ts";
import { TributaryError } from "../core/errors.ts";
import type { Identity } from "../core/identity.ts";

/**
 * The identity in a key file; a new one is made if there is no such file.
 *
 * @throws {TributaryError} `bad-data` if it is no key, `store-failed` if it can be neither read nor made.
 */
export async function openIdentity(path: string): Promise<Identity> {
  try {
    return await loadIdentity(path);
  } catch (cause) {
    const isSystem = cause instanceof Error && "code" in cause && typeof cause.code === "string" &&
      /^E[A-Z]+$/.test(cause.code);
    throw isSystem
      ? new TributaryError("store-failed", `Cannot open ${path}: expected a file for a key`, {
        cause,
      })
      : new TributaryError(
        "bad-data",
        `Cannot use ${path}: it holds no Ed25519 key, expected one that this program made`,
        { cause },
      );
  }
}
