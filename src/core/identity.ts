/**
 * Who a party is: an Ed25519 key pair (RFC 8032) by WebCrypto, named after its public key.
 *
 * @module
 */
import { toBase64Url } from "./bytes.ts";
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
 * @throws {TypeError} If it is not 32 bytes long or no such key.
 */
export async function importPublicKey(publicKey: Uint8Array): Promise<CryptoKey> {
  if (publicKey.length !== PUBLIC_KEY_BYTES) {
    throw new TypeError(
      `Cannot read a public key: ${publicKey.length} bytes, expected ${PUBLIC_KEY_BYTES}`,
    );
  }
  return await crypto.subtle.importKey("raw", own(publicKey), "Ed25519", true, ["verify"]);
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
