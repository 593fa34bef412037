/**
 * Sealing to a public key: HPKE in base mode (RFC 9180) with DHKEM(X25519, HKDF-SHA256),
 * HKDF-SHA256 and ChaCha20-Poly1305, one message for each encapsulation.
 *
 * @module
 */
import { Chacha20Poly1305 } from "@hpke/chacha20poly1305";
import { CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";
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

function suite(): CipherSuite {
  return new CipherSuite({
    kem: new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
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
  const hpke = suite();
  const recipientPublicKey = await hpke.kem.deserializePublicKey(publicKey);
  const sender = await hpke.createSenderContext({ recipientPublicKey, info });
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
  const recipient = await suite().createRecipientContext({ recipientKey: key.pair, enc, info });
  return new Uint8Array(await recipient.open(sealed.subarray(ENCAPSULATED_BYTES), aad));
}
