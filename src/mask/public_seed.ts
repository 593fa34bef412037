/**
 * The seed of kahe1's public polynomials, which every party derives from the round's sid.
 *
 * @module
 */
import { utf8 } from "../core/bytes.ts";
import { SEED_BYTES } from "../wasm/kahe.ts";
import { hkdf } from "./hkdf.ts";

/** 32 bytes: HKDF-SHA256 of the sid, without a salt, for `"tributary/1/kahe1/a"`. */
export async function publicSeed(sid: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return await hkdf(sid, {
    salt: new Uint8Array(),
    info: utf8("tributary/1/kahe1/a"),
    bytes: SEED_BYTES,
  });
}
