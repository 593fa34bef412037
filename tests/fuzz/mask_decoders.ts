/**
 * What masking reads: envelopes, shares, boxes and the phases of `secagg_plus`, and parcels.
 *
 * @module
 */
import { concatBytes, fromHex } from "../../src/core/bytes.ts";
import { openShare } from "../../src/mask/envelope.ts";
import { createShareSum } from "../../src/mask/key_shares.ts";
import { openBox, sealBox } from "../../src/mask/neighbour_box.ts";
import { ringOf } from "../../src/mask/ring.ts";
import { checkShare } from "../../src/mask/secret_shares.ts";
import { boxText, readBoxText } from "../../src/mask/share_box.ts";
import { createAggregateCore, inlineModule } from "../../src/wasm/mod.ts";
import { SEED_BYTES } from "../../src/wasm/kahe.ts";
import { proofLength } from "../../src/wire/merkle_proof.ts";
import { partSigned, SIGNATURE_BYTES } from "../../src/wire/phase.ts";
import {
  decodeInbox,
  decodeOutcome,
  decodeRoster,
  decodeSignatures,
  encodeHead,
  encodeInbox,
  encodeOutcome,
  encodeRoster,
  encodeSignatures,
} from "../../src/wire/phase_down.ts";
import {
  ADVERTISEMENT_BYTES,
  BOX_BYTES,
  BOX_OVERHEAD,
  decodeAdvertisement,
  decodeConsistency,
  decodeSecretShares,
  decodeShares,
  decodeUnmask,
  encodeAdvertisement,
  encodeConsistency,
  encodeSecretShares,
  encodeShares,
  encodeUnmask,
  type Placed,
  SECRET_SHARE_BYTES,
} from "../../src/wire/phase_up.ts";
import { bytesDecoder, type Decoder, readerOnly } from "./decoder.ts";
import { bytes32, fixedHelperKey } from "./keys.ts";

const CLIENTS = 20;

function filled(length: number, byte: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length).fill(byte);
}

function placed(length: number, ...places: readonly number[]): Placed[] {
  return places.map((place) => ({ place, bytes: filled(length, place) }));
}

function proof(place: number): Uint8Array[] {
  return Array.from({ length: proofLength(place, CLIENTS) }, (_, at) => bytes32(at));
}

const roster = encodeRoster(
  concatBytes([
    encodeHead({ clients: CLIENTS, root: bytes32(1), boxKey: bytes32(2) }),
    filled(SIGNATURE_BYTES, 3),
  ]),
  {
    place: 4,
    proof: proof(4),
    neighbours: [2, 7, 19].map((place) => ({
      place,
      message: filled(ADVERTISEMENT_BYTES + SIGNATURE_BYTES, place),
      proof: proof(place),
    })),
  },
);

const phases: readonly Decoder[] = [
  bytesDecoder(
    "an advertisement",
    [encodeAdvertisement({ publicKey: bytes32(1), boxKey: bytes32(2), maskKey: bytes32(3) })],
    (bytes) => encodeAdvertisement(decodeAdvertisement(bytes)),
  ),
  bytesDecoder(
    "boxes for neighbours",
    [encodeShares({ commitment: bytes32(1), boxes: placed(BOX_BYTES, 1, 4, 9) })],
    (bytes) => encodeShares(decodeShares(bytes, CLIENTS)),
  ),
  bytesDecoder(
    "a word on an outcome",
    [encodeConsistency(bytes32(5))],
    (bytes) => encodeConsistency(decodeConsistency(bytes)),
  ),
  bytesDecoder(
    "sealed shares for the root",
    [encodeUnmask(filled(BOX_OVERHEAD + 2 * (4 + SECRET_SHARE_BYTES), 7))],
    (bytes) => encodeUnmask(decodeUnmask(bytes, 4)),
  ),
  bytesDecoder(
    "shares for the root",
    [encodeSecretShares(placed(SECRET_SHARE_BYTES, 0, 3, 8))],
    (bytes) => encodeSecretShares(decodeSecretShares(bytes, CLIENTS)),
  ),
  bytesDecoder("a roster", [roster], (bytes) => {
    const read = decodeRoster(bytes);
    return encodeRoster(concatBytes([read.payload, read.signature]), read);
  }),
  bytesDecoder(
    "an inbox",
    [encodeInbox(placed(BOX_BYTES, 2, 3))],
    (bytes) => encodeInbox(decodeInbox(bytes, CLIENTS)),
  ),
  bytesDecoder(
    "an outcome",
    [encodeOutcome({ survivors: [0, 1, 5], dropped: [2, 19] })],
    (bytes) => encodeOutcome(decodeOutcome(bytes, CLIENTS)),
  ),
  bytesDecoder(
    "signatures of an outcome",
    [encodeSignatures(placed(SIGNATURE_BYTES, 6, 7))],
    (bytes) => encodeSignatures(decodeSignatures(bytes, CLIENTS)),
  ),
  bytesDecoder("a signed phase", [filled(SIGNATURE_BYTES + 40, 1)], (bytes) => {
    const { payload, signature } = partSigned(bytes);
    return concatBytes([payload, signature]);
  }),
];

const binding = { sid: bytes32(1), from: 3, to: 8 };
const shares = [filled(SECRET_SHARE_BYTES, 1), filled(SECRET_SHARE_BYTES, 2)];
const text = boxText(binding, shares);

const boxes: readonly Decoder[] = [
  bytesDecoder("what is in a box", [text], (bytes) => {
    const { selfSeed, maskKey } = readBoxText(bytes.slice(), binding);
    return boxText(binding, [selfSeed, maskKey]);
  }),
  bytesDecoder("a box", [sealBox(bytes32(9), text, (length) => filled(length, 4))], (bytes) => {
    const nonce = bytes.slice(0, 24);
    return sealBox(bytes32(9), openBox(bytes32(9), bytes), () => nonce);
  }),
  bytesDecoder("a share of a secret", shares, (bytes) => {
    checkShare(bytes);
    return bytes;
  }),
];

const core = createAggregateCore(await inlineModule("aggregate"));

/** Sealed to the helper's key of number 5: version, helper 4, sid 01…, a share of 32 bytes. */
const ENVELOPE = fromHex(
  "01040101010101010101010101010101010101010101010101010101010101010101485d62b6" +
    "967ce0c12b7723a2b59f5e24a9e7feac79c3359b57747219e15b5e01afa56e1e640ec064dfdb" +
    "917db75c33422ef5474e4fbfee5b685451a54c6a8c0853f67cdf8961a94d2c285bd84d3cbe04",
);

const arithmetic: readonly Decoder[] = [
  readerOnly({ name: "an envelope", samples: [ENVELOPE], form: "bytes" }, async (bytes) => {
    await openShare(bytes, {
      sid: bytes32(1),
      client: bytes32(2).toBase64({ alphabet: "base64url", omitPadding: true }),
      helper: 4,
      parcel: bytes32(3),
      key: await fixedHelperKey(5),
      shareBytes: 32,
    });
  }),
  bytesDecoder("a share of a key", [filled(64, 1), filled(64, 0x20)], (bytes) => {
    using sum = createShareSum(core, 16);
    sum.add(bytes);
    // Whatever 32 bytes are is a seed, which a share stands for as it is.
    return bytes.length === SEED_BYTES ? bytes : sum.share();
  }),
  ...(["u32", "rns27", "rns30"] as const).map((name): Decoder => {
    const ring = ringOf(name);
    const { unitBytes } = ring;
    return bytesDecoder(`a slice of ring ${name}`, [filled(unitBytes, 1)], (bytes) => {
      const mark = core.memory.mark();
      try {
        const [acc, x] = [core.memory.alloc(unitBytes), core.memory.alloc(unitBytes)];
        core.memory.u8(acc).fill(0);
        // Lengths are checked where slices arrive.
        const slice = bytes.length === unitBytes ? bytes : filled(unitBytes, bytes[0] ?? 0);
        core.memory.u8(x).set(slice);
        ring.add(core, acc, x);
        return bytes.length === unitBytes ? core.memory.u8(acc).slice() : bytes;
      } finally {
        core.memory.release(mark);
      }
    });
  }),
];

/** All of them. */
export const MASK_DECODERS: readonly Decoder[] = [...phases, ...boxes, ...arithmetic];
