/**
 * What clients and the root tell each other in a round of `secagg_plus` besides the masked parcel:
 * which messages there are, and how they are signed.
 *
 * @module
 */
import { concatBytes, toBase64Url, toHex } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";
import { TributaryError } from "../core/errors.ts";
import type { Identity } from "../core/identity.ts";
import { sealed, verifySealed } from "./domain.ts";
import type { StatementRound } from "./statement.ts";

/** What a client sends, in this order; the masked parcel comes between the second and the third. */
export const UP_PHASES = ["advertise", "share", "consistency", "unmask"] as const;

/** A message of a client. */
export type UpPhase = typeof UP_PHASES[number];

/** What the root answers, in this order. */
export const DOWN_PHASES = ["roster", "inbox", "outcome", "signatures"] as const;

/** A message of the root. */
export type DownPhase = typeof DOWN_PHASES[number];

/** First byte of every message. */
export const PHASE_VERSION = 1;

/** Bytes of a signature, which ends a signed message. */
export const SIGNATURE_BYTES = 64;

/** Longest message of a client: the boxes for 128 neighbours, and room. */
export const MOST_PHASE_BYTES: number = 1 << 16;

/** Longest message of the root: its word on 16 384 clients, or 128 neighbours' keys with their proofs. */
export const MOST_ANSWER_BYTES: number = 1 << 18;

/** Whose message it is, and which. */
export interface PhaseSpeaker extends StatementRound {
  /** Which message. */
  readonly phase: UpPhase | "roster" | "outcome";
  /** Id of the signer. */
  readonly member: string;
}

/** What is said, for the signature. */
interface PhaseBody extends PhaseSpeaker {
  /** SHA-256 of the message before its signature, hex. */
  readonly digest: string;
}

/** A message and the signature under it. */
export async function signPhase(
  payload: Uint8Array,
  { identity, hash, ...round }: Omit<PhaseSpeaker, "member"> & {
    /** Who signs. */
    readonly identity: Identity;
    /** SHA-256. */
    readonly hash: Digest;
  },
): Promise<Uint8Array<ArrayBuffer>> {
  const body = await bodyOf(payload, { ...round, member: identity.id }, hash);
  return concatBytes([payload, await identity.sign(sealed("phase", body))]);
}

/**
 * Checks the signature under a message.
 *
 * @param publicKey Raw Ed25519 key of the speaker.
 * @throws {TributaryError} `signature-invalid`.
 */
export async function verifyPhase(
  message: { readonly payload: Uint8Array; readonly signature: Uint8Array },
  speaker: PhaseSpeaker,
  { publicKey, hash }: { readonly publicKey: Uint8Array; readonly hash: Digest },
): Promise<void> {
  const body = await bodyOf(message.payload, speaker, hash);
  if (await verifySealed("phase", body, toBase64Url(message.signature), publicKey)) return;
  throw new TributaryError(
    "signature-invalid",
    `Cannot take the ${speaker.phase} message of ${speaker.member}: the signature is not its own`,
  );
}

/**
 * Parts a signed message.
 *
 * @throws {TributaryError} `phase-malformed` if it is too short to be signed.
 */
export function partSigned(
  message: Uint8Array,
): { readonly payload: Uint8Array; readonly signature: Uint8Array } {
  const end = message.length - SIGNATURE_BYTES;
  if (end < 1) {
    throw new TributaryError(
      "phase-malformed",
      `Cannot read a message of ${message.length} bytes: expected one with a signature of ${SIGNATURE_BYTES}`,
    );
  }
  return { payload: message.subarray(0, end), signature: message.subarray(end) };
}

async function bodyOf(
  payload: Uint8Array,
  { task, round, sid, phase, member }: PhaseSpeaker,
  hash: Digest,
): Promise<PhaseBody> {
  return { task, round, sid, phase, member, digest: toHex(await hash(payload)) };
}
