/**
 * What clients and regions sign of a masked round, so that whoever opens a sum can tell whose parcels
 * are in it: a client its own parcel and envelopes, a region who is in its sum.
 *
 * @module
 */
import { concatBytes, toHex } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";
import {
  type CheckOf,
  hasSmallOrder,
  type Identity,
  type SignatureCheck,
  webCheckOf,
} from "../core/identity.ts";
import { sealed } from "./domain.ts";

/** Which sum a statement is about. */
export interface StatementRound {
  /** Digest of the task. */
  readonly task: string;
  /** Number of the round. */
  readonly round: number;
  /** Session id of the group, hex: {@link groupSession}. */
  readonly sid: string;
}

/** A client's word: this parcel is mine, and these are the envelopes that go with it. */
export interface Submission extends StatementRound {
  /** Id of the client. */
  readonly member: string;
  /** Tree digest of the masked parcel, hex. */
  readonly digest: string;
  /** {@link envelopesDigest}. */
  readonly envelopes: string;
}

/** A region's word: this is my sum, and these members of mine are in it. */
export interface Bundle extends StatementRound {
  /** Id of the region. */
  readonly member: string;
  /** Tree digest of the sum, hex. */
  readonly digest: string;
  /** Clients in the sum. */
  readonly clients: number;
  /** Merkle root over its members and the digests of what they sent, hex: `membersRoot`. */
  readonly members: string;
}

/** What is signed, told apart by its domain. */
export type Statement =
  | { readonly domain: "submission"; readonly body: Submission }
  | { readonly domain: "bundle"; readonly body: Bundle };

/** Digest of a client's envelopes, hex: SHA-256 over their SHA-256 digests, in order of the helpers. */
export async function envelopesDigest(
  digests: readonly Uint8Array[],
  digest: Digest,
): Promise<string> {
  return toHex(await digest(concatBytes(digests)));
}

/** The signature of the member that a statement names, 64 bytes. */
export async function signStatement(
  { domain, body }: Statement,
  member: Identity,
): Promise<Uint8Array> {
  return await member.sign(sealed(domain, body));
}

/** Whether a statement is signed by a raw public key; one that is no key at all has signed nothing. */
export async function verifyStatement(
  { domain, body }: Statement,
  { signature, publicKey, checkOf = webCheckOf }: {
    readonly signature: Uint8Array;
    readonly publicKey: Uint8Array;
    /** How signatures are checked; by WebCrypto unless the platform has something faster. */
    readonly checkOf?: CheckOf;
  },
): Promise<boolean> {
  let check: SignatureCheck;
  try {
    // Not every platform refuses such a key.
    if (hasSmallOrder(publicKey)) return false;
    check = await checkOf(publicKey);
  } catch {
    return false;
  }
  return await check(sealed(domain, body), signature);
}
