/**
 * The number by which a client is chosen for a round or not.
 *
 * @module
 */
import { concatBytes, fromHex, utf8 } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";

const LABEL = utf8("tributary/sample/1");

/**
 * Gives clients' fractions in a round, each uniform in `[0, 1)`: the leading 53 bits of SHA-256 of
 * `"tributary/sample/1" ‖ sid ‖ id`, where the sid takes its 32 bytes and the id its 43 characters.
 *
 * Whoever knows both can compute it: the client itself, its region, and anyone who audits either. The
 * sid is bound to fresh random bytes, so nobody can choose an id for a fraction it would like.
 *
 * @param sid    Session id of the round, hex.
 * @param digest SHA-256.
 */
export function sampleFractions(
  sid: string,
  digest: Digest,
): (member: string) => Promise<number> {
  const start = concatBytes([LABEL, fromHex(sid)]);
  return async (member) => {
    const hash = await digest(concatBytes([start, utf8(member)]));
    const view = new DataView(hash.buffer, hash.byteOffset);
    return (view.getUint32(0) * 2 ** 21 + (view.getUint32(4) >>> 11)) * 2 ** -53;
  };
}
