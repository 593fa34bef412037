/**
 * Key derivation by WebCrypto.
 *
 * @module
 */

/** What is derived. */
export interface HkdfOptions {
  /** Need not be secret; may be empty. */
  readonly salt: Uint8Array;
  /** What it is for. */
  readonly info: Uint8Array;
  /** How many bytes, at most 8160. */
  readonly bytes: number;
}

/** HKDF-SHA256 (RFC 5869): extracts from `key` and expands. */
export async function hkdf(
  key: Uint8Array,
  { salt, info, bytes }: HkdfOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const imported = await crypto.subtle.importKey("raw", own(key), "HKDF", false, ["deriveBits"]);
  const parameters = { name: "HKDF", hash: "SHA-256", salt: own(salt), info: own(info) };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, imported, 8 * bytes));
}

/** WebCrypto's types refuse views of shared memory; ours never are. */
function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>;
}
