/**
 * The messages of the root of `secagg_plus`, as bytes:
 *
 *     roster       head ‖ signature of the root over the head ‖ LE32(own place) ‖ own proof
 *                  ‖ for each neighbour: LE32(place) ‖ advertisement, signed ‖ proof
 *     head         1 ‖ LE32(clients) ‖ Merkle root 32 ‖ box key of the root 32
 *     inbox        1 ‖ for each neighbour that shared: LE32(place) ‖ box
 *     outcome      1 ‖ LE32(survivors) ‖ LE32(place) each ‖ LE32(dropped) ‖ LE32(place) each
 *                  ‖ signature of the root
 *     signatures   1 ‖ for each neighbour that signed: LE32(place) ‖ signature
 *
 * Places ascend. How long a proof is follows from its place and the number of clients.
 *
 * @module
 */
import { concatBytes } from "../core/bytes.ts";
import { proofLength } from "./merkle_proof.ts";
import { SIGNATURE_BYTES } from "./phase.ts";
import { le32, malformed, phaseBytes, type PhaseReader, phaseReader } from "./phase_reader.ts";
import {
  ADVERTISEMENT_BYTES,
  BOX_BYTES,
  type Placed,
  placedBytes,
  readPlace,
  readPlaced,
} from "./phase_up.ts";

const KEY_BYTES = 32;
/** Bytes of what the root signs of a roster. */
const HEAD_BYTES = 1 + 4 + 2 * KEY_BYTES;

/** Most clients of a round: more have no row in the table of parameters. */
export const MOST_ROSTER = 10_000;

/** Who is in a round, in short. */
export interface RosterHead {
  /** How many. */
  readonly clients: number;
  /** Merkle root over all entries. */
  readonly root: Uint8Array;
  /** X25519: what clients tell the root alone is sealed to it. */
  readonly boxKey: Uint8Array;
}

/** A client of the roster, as the root shows it to a neighbour. */
export interface RosterNeighbour {
  /** Its place. */
  readonly place: number;
  /** Its advertisement with its signature. */
  readonly message: Uint8Array;
  /** That this is what the roster has at that place. */
  readonly proof: readonly Uint8Array[];
}

/** What a client is told of the roster. */
export interface RosterMessage {
  /** What the root has signed. */
  readonly head: RosterHead;
  /** The bytes of that. */
  readonly payload: Uint8Array;
  /** The root's signature. */
  readonly signature: Uint8Array;
  /** The place of whoever is told. */
  readonly place: number;
  /** That it is there. */
  readonly proof: readonly Uint8Array[];
  /** Its neighbours, by ascending place. */
  readonly neighbours: readonly RosterNeighbour[];
}

/** Who is in the sum, and who shared keys but is not. */
export interface Outcome {
  /** Places of those in the sum, ascending. */
  readonly survivors: readonly number[];
  /** Places of those that shared keys and are not, ascending. */
  readonly dropped: readonly number[];
}

/** Bytes of a roster's head. */
export function encodeHead({ clients, root, boxKey }: RosterHead): Uint8Array<ArrayBuffer> {
  return phaseBytes(le32(clients), root, boxKey);
}

/** Encodes what a client is told of the roster; `head` is signed. */
export function encodeRoster(
  head: Uint8Array,
  { place, proof, neighbours }: Pick<RosterMessage, "place" | "proof" | "neighbours">,
): Uint8Array<ArrayBuffer> {
  const parts = neighbours.flatMap((it) => [le32(it.place), it.message, ...it.proof]);
  return concatBytes([head, le32(place), ...proof, ...parts]);
}

/**
 * Reads what a client is told of the roster.
 *
 * @throws {TributaryError} `phase-malformed`, `place-unknown`, `member-repeated`.
 */
export function decodeRoster(message: Uint8Array): RosterMessage {
  const what = "a roster";
  const reader = phaseReader(what, message);
  const head = {
    clients: reader.u32(MOST_ROSTER),
    root: reader.take(KEY_BYTES),
    boxKey: reader.take(KEY_BYTES),
  };
  const signature = reader.take(SIGNATURE_BYTES);
  const { clients } = head;
  const place = readPlace(reader, { what, clients, last: -1 });
  const proof = readProof(reader, place, clients);
  const neighbours: RosterNeighbour[] = [];
  for (let left = message.length - lengthOf(place, clients); left > 0;) {
    const at = readPlace(reader, { what, clients, last: neighbours.at(-1)?.place ?? -1 });
    const advertisement = reader.take(ADVERTISEMENT_BYTES + SIGNATURE_BYTES);
    neighbours.push({ place: at, message: advertisement, proof: readProof(reader, at, clients) });
    left -= 4 + advertisement.length + KEY_BYTES * proofLength(at, clients);
  }
  reader.end();
  return { head, payload: message.subarray(0, HEAD_BYTES), signature, place, proof, neighbours };
}

/** Bytes of a roster up to its first neighbour. */
function lengthOf(place: number, clients: number): number {
  return HEAD_BYTES + SIGNATURE_BYTES + 4 + KEY_BYTES * proofLength(place, clients);
}

function readProof(reader: PhaseReader, place: number, clients: number): Uint8Array[] {
  return Array.from({ length: proofLength(place, clients) }, () => reader.take(KEY_BYTES));
}

/** Encodes boxes for a client, by their senders' places. */
export function encodeInbox(boxes: readonly Placed[]): Uint8Array<ArrayBuffer> {
  return phaseBytes(...placedBytes(boxes));
}

/**
 * Reads boxes for a client.
 *
 * @throws {TributaryError} `phase-malformed`, `place-unknown`, `member-repeated`.
 */
export function decodeInbox(message: Uint8Array, clients: number): readonly Placed[] {
  return readList("an inbox", message, { clients, bytes: BOX_BYTES });
}

/** Encodes an outcome, before it is signed. */
export function encodeOutcome({ survivors, dropped }: Outcome): Uint8Array<ArrayBuffer> {
  const list = (places: readonly number[]) => [le32(places.length), ...places.map(le32)];
  return phaseBytes(...list(survivors), ...list(dropped));
}

/**
 * Reads an outcome, without its signature.
 *
 * @throws {TributaryError} `phase-malformed`, `place-unknown`, `member-repeated`.
 */
export function decodeOutcome(payload: Uint8Array, clients: number): Outcome {
  const what = "an outcome";
  const reader = phaseReader(what, payload);
  const [survivors = [], dropped = []] = [1, 2].map(() => {
    const places: number[] = [];
    for (let count = reader.u32(clients); count > 0; count--) {
      places.push(readPlace(reader, { what, clients, last: places.at(-1) ?? -1 }));
    }
    return places;
  });
  reader.end();
  return { survivors, dropped };
}

/** Encodes neighbours' signatures of an outcome. */
export function encodeSignatures(signatures: readonly Placed[]): Uint8Array<ArrayBuffer> {
  return phaseBytes(...placedBytes(signatures));
}

/**
 * Reads neighbours' signatures of an outcome.
 *
 * @throws {TributaryError} `phase-malformed`, `place-unknown`, `member-repeated`.
 */
export function decodeSignatures(message: Uint8Array, clients: number): readonly Placed[] {
  return readList("signatures", message, { clients, bytes: SIGNATURE_BYTES });
}

function readList(
  what: string,
  message: Uint8Array,
  { clients, bytes }: { readonly clients: number; readonly bytes: number },
): readonly Placed[] {
  const reader = phaseReader(what, message);
  const count = (message.length - 1) / (4 + bytes);
  if (!Number.isInteger(count)) malformed(what, `its ${message.length} bytes are no whole entries`);
  return readPlaced(reader, { what, count, clients, bytes });
}
