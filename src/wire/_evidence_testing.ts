/**
 * Trees of clients and regions that prove what they sent, for tests.
 *
 * @module
 */
import { concatBytes, toHex } from "../core/bytes.ts";
import { webDigest } from "../core/digest.ts";
import { generateIdentity, type Identity } from "../core/identity.ts";
import { encodeBundle, encodeSubmission } from "./evidence.ts";
import { membersRoot } from "./merkle.ts";
import type { StatementRound } from "./statement.ts";

/** Evidence, and what it should prove. */
export interface Proven {
  readonly identity: Identity;
  readonly digest: Uint8Array;
  readonly clients: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A client that has sealed envelopes of these lengths; their bytes mean nothing. */
export async function provenClient(
  round: StatementRound,
  envelopes: readonly number[],
): Promise<Proven> {
  const identity = await generateIdentity();
  const digest = crypto.getRandomValues(new Uint8Array(32));
  const sealed = envelopes.map((length) => crypto.getRandomValues(new Uint8Array(length)));
  const options = { ...round, identity, digest, envelopes: sealed, hash: webDigest };
  return { identity, digest, clients: 1, bytes: await encodeSubmission(options) };
}

/** A region that has summed what its members sent. */
export async function provenRegion(
  round: StatementRound,
  below: readonly Proven[],
): Promise<Proven> {
  const identity = await generateIdentity();
  const digest = crypto.getRandomValues(new Uint8Array(32));
  const sorted = below.toSorted((a, b) => a.identity.id < b.identity.id ? -1 : 1);
  const clients = below.reduce((sum, { clients }) => sum + clients, 0);
  const members = await membersRoot(
    sorted.map(({ identity, digest }) => ({ member: identity.id, digest: toHex(digest) })),
  );
  const options = { ...round, identity, digest, clients, members, count: below.length };
  const own = await encodeBundle(options);
  const bytes = concatBytes([own, ...sorted.map(({ bytes }) => bytes)]);
  return { identity, digest, clients, bytes };
}
