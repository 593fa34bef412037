/**
 * The number by which a client is chosen for a round or not.
 *
 * @module
 */
import { concatBytes, fromBase64Url, fromHex, utf8 } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";

const LABEL = utf8("tributary/sample/1");

/**
 * A client's fraction in a round, uniform in `[0, 1)`: the leading 53 bits of SHA-256 of
 * `"tributary/sample/1" ‖ sid ‖ id`.
 *
 * Whoever knows both can compute it: the client itself, its region, and anyone who audits either. The
 * sid is bound to fresh random bytes, so nobody can choose an id for a fraction it would like.
 *
 * @param sid    Session id of the round, hex.
 * @param member Id of the client.
 * @param digest SHA-256.
 */
export async function sampleFraction(
  sid: string,
  member: string,
  digest: Digest,
): Promise<number> {
  const hash = await digest(concatBytes([LABEL, fromHex(sid), fromBase64Url(member)]));
  const view = new DataView(hash.buffer, hash.byteOffset);
  return (view.getUint32(0) * 2 ** 21 + (view.getUint32(4) >>> 11)) * 2 ** -53;
}
