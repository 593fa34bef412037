/**
 * A helper's X25519 key pair (RFC 7748) by WebCrypto, which shares are sealed to.
 *
 * @module
 */

/** A helper's key. Its private half never leaves WebCrypto unless it was made to be stored. */
export interface HelperKey {
  /** Raw X25519 public key, 32 bytes: what clients seal shares to. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
  /** Both halves. */
  readonly pair: CryptoKeyPair;
}

/** A fresh key whose private half cannot be exported. */
export async function generateHelperKey(): Promise<HelperKey> {
  return await keyOf(await generatePair(false));
}

/** A fresh key beside its PKCS #8 bytes, for a file that {@link importHelperKey} reads again. */
export async function generateStoredHelperKey(): Promise<
  { readonly key: HelperKey; readonly pkcs8: Uint8Array<ArrayBuffer> }
> {
  const pair = await generatePair(true);
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
  return { key: await keyOf(pair), pkcs8 };
}

/**
 * The key of PKCS #8 bytes (RFC 8410).
 *
 * @throws {TypeError} If the bytes are not an X25519 private key.
 */
export async function importHelperKey(pkcs8: Uint8Array): Promise<HelperKey> {
  try {
    const usages = ["deriveBits"] as const;
    const bytes = pkcs8 as Uint8Array<ArrayBuffer>;
    const privateKey = await crypto.subtle.importKey("pkcs8", bytes, "X25519", true, usages);
    // WebCrypto derives no public key from a private one, but its JWK form holds both.
    const { x } = await crypto.subtle.exportKey("jwk", privateKey);
    if (x === undefined) throw new TypeError("the key has no public part");
    const jwk = { kty: "OKP", crv: "X25519", x };
    const publicKey = await crypto.subtle.importKey("jwk", jwk, "X25519", true, []);
    return await keyOf({ privateKey, publicKey });
  } catch (cause) {
    throw new TypeError("Cannot read a helper's key: expected PKCS #8 bytes of an X25519 key", {
      cause,
    });
  }
}

async function generatePair(extractable: boolean): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey("X25519", extractable, ["deriveBits"]) as CryptoKeyPair;
}

async function keyOf(pair: CryptoKeyPair): Promise<HelperKey> {
  return {
    publicKey: new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)),
    pair,
  };
}
