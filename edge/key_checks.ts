/**
 * The checks of public keys, each imported once for as long as it is among the last ones seen.
 *
 * @module
 */
import { fromBase64Url } from "../src/core/bytes.ts";
import { TributaryError } from "../src/core/errors.ts";
import { type CheckOf, hasSmallOrder, type SignatureCheck } from "../src/core/identity.ts";

/** Imported keys kept; beyond that the oldest are imported again. */
const KEPT_KEYS = 100_000;

/**
 * Gives the check of a raw public key in base64url, as it stands in a signature.
 *
 * @throws {TributaryError} From what it gives: `signature-invalid` for a key that no key pair has.
 */
export function createKeyChecks(checkOf: CheckOf): (publicKey: string) => Promise<SignatureCheck> {
  const keys = new Map<string, SignatureCheck>();

  async function imported(publicKey: Uint8Array): Promise<SignatureCheck> {
    let cause: unknown;
    try {
      if (!hasSmallOrder(publicKey)) return await checkOf(publicKey);
    } catch (error) {
      cause = error;
    }
    throw new TributaryError(
      "signature-invalid",
      "Cannot accept a request: its sender's public key is none that a key pair has",
      { cause },
    );
  }

  return async (publicKey) => {
    const kept = keys.get(publicKey);
    if (kept !== undefined) return kept;
    const check = await imported(fromBase64Url(publicKey));
    const [oldest] = keys.keys();
    if (keys.size >= KEPT_KEYS && oldest !== undefined) keys.delete(oldest);
    keys.set(publicKey, check);
    return check;
  };
}
