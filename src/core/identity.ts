/**
 * Who a party is: an Ed25519 key pair (RFC 8032) by WebCrypto, named after its public key.
 *
 * @module
 */
import { toBase64Url, toHex } from "./bytes.ts";
import { webDigest } from "./digest.ts";

/** A party that can sign. Its private key never leaves WebCrypto unless it was made exportable. */
export interface Identity {
  /** {@link identityId} of the public key, so that nobody can take another's name. */
  readonly id: string;
  /** Raw Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Ed25519 signature over `bytes`, 64 bytes. */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

/** Bytes in a raw Ed25519 public key. */
export const PUBLIC_KEY_BYTES = 32;

/** base64url of the SHA-256 of a raw public key: 43 characters. */
export async function identityId(publicKey: Uint8Array): Promise<string> {
  return toBase64Url(await webDigest(publicKey));
}

/** A fresh identity whose private key cannot be exported. */
export async function generateIdentity(): Promise<Identity> {
  return await identityOf(await generatePair(false));
}

/** A fresh identity beside its PKCS #8 bytes, for a file that {@link importIdentity} reads again. */
export async function generateStoredIdentity(): Promise<
  { identity: Identity; pkcs8: Uint8Array }
> {
  const pair = await generatePair(true);
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
  return { identity: await identityOf(pair), pkcs8 };
}

/**
 * The identity of a PKCS #8 Ed25519 private key (RFC 8410).
 *
 * @throws {TypeError} If the bytes are not such a key.
 */
export async function importIdentity(pkcs8: Uint8Array): Promise<Identity> {
  try {
    const privateKey = await crypto.subtle.importKey("pkcs8", own(pkcs8), "Ed25519", true, [
      "sign",
    ]);
    // WebCrypto derives no public key from a private one, but its JWK form holds both.
    const { x } = await crypto.subtle.exportKey("jwk", privateKey);
    if (x === undefined) throw new TypeError("the key has no public part");
    const jwk = { kty: "OKP", crv: "Ed25519", x };
    const publicKey = await crypto.subtle.importKey("jwk", jwk, "Ed25519", true, ["verify"]);
    return await identityOf({ privateKey, publicKey });
  } catch (cause) {
    throw new TypeError("Cannot read a private key: expected PKCS #8 bytes of an Ed25519 key", {
      cause,
    });
  }
}

/**
 * A raw public key ready to check signatures with.
 *
 * @throws {TypeError} If it is not 32 bytes long, no such key, or one that {@link hasSmallOrder}.
 */
export async function importPublicKey(publicKey: Uint8Array): Promise<CryptoKey> {
  if (publicKey.length !== PUBLIC_KEY_BYTES) {
    throw new TypeError(
      `Cannot read a public key: ${publicKey.length} bytes, expected ${PUBLIC_KEY_BYTES}`,
    );
  }
  if (hasSmallOrder(publicKey)) {
    throw new TypeError("Cannot read a public key: its order is small, so anyone can sign for it");
  }
  return await crypto.subtle.importKey("raw", own(publicKey), "Ed25519", true, ["verify"]);
}

/** Encodings of the points of small order, canonical and not, without the sign bit (RFC 8032, 5.1.3). */
const SMALL_ORDER: readonly string[] = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

/**
 * Whether a raw public key is one of the few under which anyone can forge signatures. No key pair has
 * such a key, and not every platform refuses it.
 */
export function hasSmallOrder(publicKey: Uint8Array): boolean {
  const point = Uint8Array.from(publicKey, (byte, at) => at === 31 ? byte & 0x7f : byte);
  return SMALL_ORDER.includes(toHex(point));
}

/** Whether `signature` is this key's over `bytes`. */
export async function verifySignature(
  key: CryptoKey,
  bytes: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  return await crypto.subtle.verify("Ed25519", key, own(signature), own(bytes));
}

/** Whether a signature is that of one public key over `bytes`. */
export type SignatureCheck = (
  bytes: Uint8Array,
  signature: Uint8Array,
) => boolean | Promise<boolean>;

/**
 * The check of a raw public key.
 *
 * Injected where many signatures are checked, because the fastest one differs: native and synchronous
 * in Deno and Node, WebCrypto elsewhere.
 */
export type CheckOf = (publicKey: Uint8Array) => SignatureCheck | Promise<SignatureCheck>;

/** Checks by WebCrypto, which every runtime has. */
export const webCheckOf: CheckOf = async (publicKey) => {
  const key = await importPublicKey(publicKey);
  return (bytes, signature) => verifySignature(key, bytes, signature);
};

async function generatePair(extractable: boolean): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey("Ed25519", extractable, [
    "sign",
    "verify",
  ]) as CryptoKeyPair;
}

async function identityOf(pair: CryptoKeyPair): Promise<Identity> {
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  return {
    id: await identityId(publicKey),
    publicKey,
    sign: async (bytes) =>
      new Uint8Array(await crypto.subtle.sign("Ed25519", pair.privateKey, own(bytes))),
  };
}

/** WebCrypto's types refuse views of shared memory; ours never are. */
function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>;
}
