/**
 * Secrets that two clients agree on: X25519 (RFC 7748) by WebCrypto, by key pairs of one round.
 *
 * @module
 */
import { concatBytes, fromBase64Url, utf8 } from "../core/bytes.ts";
import { TributaryError } from "../core/errors.ts";
import { SEED_BYTES } from "../wasm/kahe.ts";
import { importHelperKey } from "./helper_key.ts";
import { hkdf } from "./hkdf.ts";

/** PKCS #8 of an X25519 key (RFC 8410), but for its 32 bytes. */
const PKCS8_HEAD = Uint8Array.of(
  ...[0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06],
  ...[0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20],
);

/** A key pair of one round. */
export interface AgreementKey {
  /** Raw, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** For WebCrypto. */
  readonly privateKey: CryptoKey;
}

/** The key pair of 32 secret bytes. */
export async function agreementKey(secret: Uint8Array): Promise<AgreementKey> {
  const pkcs8 = concatBytes([PKCS8_HEAD, secret]);
  try {
    const { publicKey, pair } = await importHelperKey(pkcs8);
    return { publicKey, privateKey: pair.privateKey };
  } finally {
    pkcs8.fill(0);
  }
}

/**
 * What a key pair agrees on with a public key, 32 bytes.
 *
 * @throws {TributaryError} `key-malformed` if that is none with which anything secret can be agreed on.
 */
export async function agree(
  own: AgreementKey,
  publicKey: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const bytes = publicKey as Uint8Array<ArrayBuffer>;
    const other = await crypto.subtle.importKey("raw", bytes, "X25519", true, []);
    const algorithm = { name: "X25519", public: other };
    const secret = new Uint8Array(await crypto.subtle.deriveBits(algorithm, own.privateKey, 256));
    // Not every platform refuses a point of small order, which everybody agrees on zero with.
    if (secret.every((byte) => byte === 0)) throw new RangeError("it is of small order");
    return secret;
  } catch (cause) {
    throw new TributaryError(
      "key-malformed",
      "Cannot agree on a secret: the other's public key is none of X25519, or of small order",
      { cause },
    );
  }
}

/** Between whom, and in which round, a mask is agreed on. */
export interface MaskPair {
  /** The sid, 32 bytes. */
  readonly sid: Uint8Array;
  /** Ids of both. */
  readonly clients: readonly [string, string];
}

/**
 * The seed of the mask that two clients share: HKDF-SHA256 of what they agree on, with the sid as salt,
 * for `"tributary/1/secagg_plus/pair" ‖ lower id ‖ higher id`, 32 bytes each.
 */
export async function pairSeed(
  secret: Uint8Array,
  { sid, clients }: MaskPair,
): Promise<Uint8Array<ArrayBuffer>> {
  const [a, b] = clients;
  const ids = isLower(a, b) ? [a, b] : [b, a];
  return await hkdf(secret, {
    salt: sid,
    info: concatBytes([utf8("tributary/1/secagg_plus/pair"), ...ids.map(fromBase64Url)]),
    bytes: SEED_BYTES,
  });
}

/** Whether an id comes before another: by code units, as rosters are sorted. */
export function isLower(a: string, b: string): boolean {
  return a < b;
}
