/**
 * Sealing to a public key: HPKE in base mode (RFC 9180) with DHKEM(X25519, HKDF-SHA256),
 * HKDF-SHA256 and ChaCha20-Poly1305, one message for each encapsulation.
 *
 * @module
 */
import { Chacha20Poly1305 } from "@hpke/chacha20poly1305";
import { CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";
import { expand, extract } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes } from "../core/bytes.ts";
import type { HelperKey } from "./helper_key.ts";

/** Bytes of an encapsulated key. */
const ENCAPSULATED_BYTES = 32;

/** Bytes that a sealed message is longer than its text: the encapsulated key and the tag. */
export const SEAL_BYTES: number = ENCAPSULATED_BYTES + 16;

/** What a sealed message is bound to. */
export interface SealBinding {
  /** Goes into the key schedule. */
  readonly info: Uint8Array;
  /** Is authenticated with the message. */
  readonly aad: Uint8Array;
}

/** What HKDF takes and gives, in the library's words. */
type Bytes = ArrayBufferLike | ArrayBufferView;

/** HKDF-SHA256 at once: it hashes some hundred bytes, and each trip to WebCrypto takes longer than that. */
class PromptHkdf extends HkdfSha256 {
  override extract(salt: Bytes, ikm: Bytes): Promise<ArrayBuffer> {
    return Promise.resolve(ownBuffer(extract(sha256, viewOf(ikm), viewOf(salt))));
  }

  override expand(prk: Bytes, info: Bytes, bytes: number): Promise<ArrayBuffer> {
    return Promise.resolve(ownBuffer(expand(sha256, viewOf(prk), viewOf(info), bytes)));
  }

  override extractAndExpand(
    salt: Bytes,
    ikm: Bytes,
    info: Bytes,
    bytes: number,
  ): Promise<ArrayBuffer> {
    const prk = extract(sha256, viewOf(ikm), viewOf(salt));
    return Promise.resolve(ownBuffer(expand(sha256, prk, viewOf(info), bytes)));
  }
}

/** RFC 9180, section 4.1: `"KEM" ‖ 0x0020` names DHKEM(X25519, HKDF-SHA256). */
const KEM_SUITE = Uint8Array.of(0x4b, 0x45, 0x4d, 0x00, 0x20);

/**
 * The library's KEM over {@link PromptHkdf}, which does not ask WebCrypto for the bytes of keys that it
 * was told: that takes as long as an agreement.
 */
class PromptKem extends DhkemX25519HkdfSha256 {
  readonly #told = new WeakMap<CryptoKey, ArrayBuffer>();

  constructor() {
    super();
    this._kdf = new PromptHkdf();
    this._kdf.init(KEM_SUITE);
    const primitives = this._prim;
    this._prim = Object.create(primitives, {
      serializePublicKey: {
        value: async (key: CryptoKey) =>
          this.#told.get(key) ?? await primitives.serializePublicKey(key),
      },
    });
  }

  /** Tells the bytes of a public key. */
  tell(key: CryptoKey, raw: Uint8Array): void {
    this.#told.set(key, ownBuffer(raw));
  }
}

function viewOf(bytes: Bytes): Uint8Array {
  return ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes);
}

function ownBuffer(bytes: Uint8Array): ArrayBuffer {
  return bytes.slice().buffer as ArrayBuffer;
}

function suite(kem: PromptKem): CipherSuite {
  return new CipherSuite({
    kem,
    kdf: new PromptHkdf(),
    aead: new Chacha20Poly1305(),
  });
}

/**
 * Seals a text to a raw public key: `enc ‖ ct`.
 *
 * @throws If the key is none that a secret can be agreed on with.
 */
export async function seal(
  publicKey: Uint8Array,
  text: Uint8Array,
  { info, aad }: SealBinding,
): Promise<Uint8Array<ArrayBuffer>> {
  const kem = new PromptKem();
  const recipientPublicKey = await kem.deserializePublicKey(publicKey);
  kem.tell(recipientPublicKey, publicKey);
  const sender = await suite(kem).createSenderContext({ recipientPublicKey, info });
  const sealed = await sender.seal(text, aad);
  return concatBytes([new Uint8Array(sender.enc), new Uint8Array(sealed)]);
}

/**
 * Opens what {@link seal} sealed.
 *
 * @throws If it was sealed to another key or for something else, or was changed.
 */
export async function open(
  key: HelperKey,
  sealed: Uint8Array,
  { info, aad }: SealBinding,
): Promise<Uint8Array<ArrayBuffer>> {
  const enc = sealed.subarray(0, ENCAPSULATED_BYTES);
  const kem = new PromptKem();
  kem.tell(key.pair.publicKey, key.publicKey);
  const recipient = await suite(kem).createRecipientContext({
    recipientKey: key.pair,
    enc,
    info,
  });
  return new Uint8Array(await recipient.open(sealed.subarray(ENCAPSULATED_BYTES), aad));
}
