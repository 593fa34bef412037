/**
 * What clients and regions sign of a masked round, so that whoever opens a sum can tell whose parcels
 * are in it: a client its own parcel and envelopes, a region who is in its sum.
 *
 * @module
 */
import { concatBytes, toBase64Url, toHex } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";
import type { Identity } from "../core/identity.ts";
import { sealed, verifySealed } from "./domain.ts";

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

/** Whether a statement is signed by a raw public key. */
export async function verifyStatement(
  { domain, body }: Statement,
  by: { readonly signature: Uint8Array; readonly publicKey: Uint8Array },
): Promise<boolean> {
  return await verifySealed(domain, body, toBase64Url(by.signature), by.publicKey);
}
