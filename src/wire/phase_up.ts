/**
 * The messages of a client of `secagg_plus`, as bytes, before they are signed:
 *
 *     advertise     1 ‖ identity key 32 ‖ box key 32 ‖ mask key 32
 *     share         1 ‖ commitment 32 ‖ for each neighbour: LE32(place) ‖ box
 *     consistency   1 ‖ digest of the outcome 32
 *     unmask        1 ‖ nonce 24 ‖ sealed to the root: for each neighbour LE32(place) ‖ share
 *
 * Places are places in the roster, in ascending order.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import { le32, malformed, phaseBytes, phaseReader } from "./phase_reader.ts";

/** Bytes of a public key, and of a digest. */
const KEY_BYTES = 32;
/** Bytes of a nonce of a box. */
export const NONCE_BYTES = 24;
/** What a box is longer than what is in it: nonce and tag. */
export const BOX_OVERHEAD: number = NONCE_BYTES + 16;
/** Bytes of one share of a secret of 32 bytes. */
export const SECRET_SHARE_BYTES = 36;
/** Bytes of a box for a neighbour: sid, from and to, and a share of both secrets. */
export const BOX_BYTES: number = BOX_OVERHEAD + 32 + 4 + 4 + 2 * SECRET_SHARE_BYTES;

/** The keys of a client in a round. */
export interface Advertisement {
  /** Raw Ed25519 key of its identity. */
  readonly publicKey: Uint8Array;
  /** X25519: boxes of shares are sealed to it. */
  readonly boxKey: Uint8Array;
  /** X25519: masks are agreed on with it. */
  readonly maskKey: Uint8Array;
}

/** Something for, or of, one place of the roster. */
export interface Placed {
  /** Place in the roster, from 0. */
  readonly place: number;
  /** What it is. */
  readonly bytes: Uint8Array;
}

/** A client's shares, sealed. */
export interface SharesMessage {
  /** SHA-256 that the self seed is known by. */
  readonly commitment: Uint8Array;
  /** A box for each neighbour, by ascending place. */
  readonly boxes: readonly Placed[];
}

/** Encodes an advertisement. */
export function encodeAdvertisement(keys: Advertisement): Uint8Array<ArrayBuffer> {
  return phaseBytes(keys.publicKey, keys.boxKey, keys.maskKey);
}

/** Bytes of an advertisement. */
export const ADVERTISEMENT_BYTES: number = 1 + 3 * KEY_BYTES;

/**
 * Reads an advertisement.
 *
 * @throws {TributaryError} `phase-malformed`.
 */
export function decodeAdvertisement(payload: Uint8Array): Advertisement {
  const reader = phaseReader("an advertisement", payload);
  const [publicKey, boxKey, maskKey] = [1, 2, 3].map(() => reader.take(KEY_BYTES));
  reader.end();
  if (publicKey === undefined || boxKey === undefined || maskKey === undefined) {
    throw new TypeError("three keys were read");
  }
  return { publicKey, boxKey, maskKey };
}

/** Encodes boxes; places ascend. */
export function encodeShares({ commitment, boxes }: SharesMessage): Uint8Array<ArrayBuffer> {
  return phaseBytes(commitment, ...placedBytes(boxes));
}

/**
 * Reads boxes.
 *
 * @param clients Size of the roster.
 * @throws {TributaryError} `phase-malformed`; `member-repeated` if places do not ascend.
 */
export function decodeShares(payload: Uint8Array, clients: number): SharesMessage {
  const what = "boxes";
  const reader = phaseReader(what, payload);
  const commitment = reader.take(KEY_BYTES);
  const count = (payload.length - 1 - KEY_BYTES) / (4 + BOX_BYTES);
  if (!Number.isInteger(count)) malformed(what, `their ${payload.length} bytes are no whole boxes`);
  const boxes = readPlaced(reader, { what, count, clients, bytes: BOX_BYTES });
  reader.end();
  return { commitment, boxes };
}

/** Encodes a client's word on an outcome. */
export function encodeConsistency(digest: Uint8Array): Uint8Array<ArrayBuffer> {
  return phaseBytes(digest);
}

/**
 * Reads the digest of the outcome that a client has agreed to.
 *
 * @throws {TributaryError} `phase-malformed`.
 */
export function decodeConsistency(payload: Uint8Array): Uint8Array {
  const reader = phaseReader("a consistency message", payload);
  const digest = reader.take(KEY_BYTES);
  reader.end();
  return digest;
}

/** Encodes shares for the root, once they are sealed to it. */
export function encodeUnmask(box: Uint8Array): Uint8Array<ArrayBuffer> {
  return phaseBytes(box);
}

/**
 * Reads sealed shares for the root.
 *
 * @param neighbours How many neighbours their sender has at most.
 * @throws {TributaryError} `phase-malformed`.
 */
export function decodeUnmask(payload: Uint8Array, neighbours: number): Uint8Array {
  const what = "an unmask message";
  const reader = phaseReader(what, payload);
  const most = BOX_OVERHEAD + neighbours * (4 + SECRET_SHARE_BYTES);
  const box = reader.take(payload.length - 1);
  if (box.length < BOX_OVERHEAD || box.length > most) {
    malformed(what, `its box has ${box.length} bytes, expected ${BOX_OVERHEAD} to ${most}`);
  }
  return box;
}

/** Encodes what is sealed to the root: a share for each neighbour, by ascending place. */
export function encodeSecretShares(shares: readonly Placed[]): Uint8Array<ArrayBuffer> {
  return phaseBytes(...placedBytes(shares)).slice(1);
}

/**
 * Reads what was sealed to the root.
 *
 * @throws {TributaryError} `phase-malformed`; `member-repeated` if places do not ascend.
 */
export function decodeSecretShares(bytes: Uint8Array, clients: number): readonly Placed[] {
  const what = "shares";
  const count = bytes.length / (4 + SECRET_SHARE_BYTES);
  if (!Number.isInteger(count)) malformed(what, `their ${bytes.length} bytes are no whole shares`);
  const reader = phaseReader(what, phaseBytes(bytes));
  return readPlaced(reader, { what, count, clients, bytes: SECRET_SHARE_BYTES });
}

/** Bytes of things by their places. */
export function placedBytes(list: readonly Placed[]): Uint8Array[] {
  return list.flatMap(({ place, bytes }) => [le32(place), bytes]);
}

/**
 * Reads things by their places, which ascend.
 *
 * @throws {TributaryError} `phase-malformed`, `member-repeated`.
 */
export function readPlaced(
  reader: ReturnType<typeof phaseReader>,
  { what, count, clients, bytes }: {
    readonly what: string;
    readonly count: number;
    readonly clients: number;
    readonly bytes: number;
  },
): readonly Placed[] {
  const list: Placed[] = [];
  for (let i = 0; i < count; i++) {
    const place = readPlace(reader, { what, clients, last: list.at(-1)?.place ?? -1 });
    list.push({ place, bytes: reader.take(bytes) });
  }
  return list;
}

/**
 * Reads a place of the roster, above the last one that was read.
 *
 * @throws {TributaryError} `phase-malformed`, `member-repeated`; `place-unknown` for one that the
 * roster has not.
 */
export function readPlace(
  reader: ReturnType<typeof phaseReader>,
  { what, clients, last }: {
    readonly what: string;
    readonly clients: number;
    readonly last: number;
  },
): number {
  const place = reader.u32(0xffff_ffff);
  if (place >= clients) {
    const found = `place ${place} is in it, expected one below ${clients}`;
    throw new TributaryError("place-unknown", `Cannot read ${what}: ${found}`);
  }
  if (place <= last) {
    const found = `place ${place} comes after ${last}, expected each once, in ascending order`;
    throw new TributaryError("member-repeated", `Cannot read ${what}: ${found}`);
  }
  return place;
}
