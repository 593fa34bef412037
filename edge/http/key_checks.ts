/**
 * The checks of public keys, each imported once for as long as it is among the last ones seen.
 *
 * @module
 */
import { fromBase64Url } from "../../src/core/bytes.ts";
import { TributaryError } from "../../src/core/errors.ts";
import { type CheckOf, hasSmallOrder, type SignatureCheck } from "../../src/core/identity.ts";

/**
 * Gives the check of a raw public key in base64url, as it stands in a signature. It is kept if that is
 * asked for: only for those who are known, so that strangers cannot fill the memory.
 *
 * @throws {TributaryError} `signature-invalid` for a key that no key pair has.
 */
export type KeyChecks = (publicKey: string, isKept: boolean) => Promise<SignatureCheck>;

/**
 * No key imported yet.
 *
 * @param checkOf  Imports one, which takes a third of the time of a check.
 * @param capacity Most imported keys kept, 2 to 5 kB each; beyond that the oldest are imported again.
 */
export function createKeyChecks(checkOf: CheckOf, capacity: number): KeyChecks {
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

  return async (publicKey, isKept) => {
    const kept = keys.get(publicKey);
    if (kept !== undefined) return kept;
    const check = await imported(fromBase64Url(publicKey));
    if (!isKept) return check;
    const [oldest] = keys.keys();
    if (keys.size >= capacity && oldest !== undefined) keys.delete(oldest);
    keys.set(publicKey, check);
    return check;
  };
}
