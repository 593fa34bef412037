/**
 * Evidence: what travels beside a masked parcel, as bytes. A client's is its public key, its parcel's
 * digest, its signature and its envelopes; a region's is the same of its sum, and the evidence of each
 * member whose parcel is in it.
 *
 *     client   0x01 ‖ public key 32 ‖ digest 32 ‖ signature 64 ‖ envelopes
 *     region   0x02 ‖ public key 32 ‖ digest 32 ‖ signature 64 ‖ LE32(members) ‖ evidence of each
 *
 * Members come in ascending order of their ids. The lengths of the envelopes follow from the task.
 * A helper is sent another form, in which a client's node ends with the SHA-256 digests of all
 * envelopes and that helper's own envelope alone.
 *
 * @module
 */
import { concatBytes, toHex } from "../core/bytes.ts";
import { type Digest, DIGEST_BYTES } from "../core/digest.ts";
import { TributaryError } from "../core/errors.ts";
import { type Identity, PUBLIC_KEY_BYTES } from "../core/identity.ts";
import type { EvidenceSource } from "./evidence_source.ts";
import { type Bundle, envelopesDigest, signStatement, type StatementRound } from "./statement.ts";

/** First byte of a node. */
export const EVIDENCE_KIND = { submission: 1, bundle: 2 } as const;

const SIGNATURE_BYTES = 64;
/** Length of what all nodes begin with. */
export const NODE_BYTES: number = 1 + PUBLIC_KEY_BYTES + DIGEST_BYTES + SIGNATURE_BYTES;
/** Length of a region's node, without those below it. */
export const BUNDLE_BYTES: number = NODE_BYTES + 4;

/** How long the envelopes of a task's clients are. */
export interface EvidenceLayout {
  /** Length of each helper's envelope, in order. */
  readonly envelopes: readonly number[];
  /** Which helper's form it is, from 1; absent for the form that clients send. */
  readonly helper?: number;
}

/** What all nodes begin with. */
export interface EvidenceNode {
  /** Whose node it is. */
  readonly kind: keyof typeof EVIDENCE_KIND;
  /** Raw Ed25519 public key of the signer. */
  readonly publicKey: Uint8Array;
  /** Tree digest of the parcel or sum. */
  readonly digest: Uint8Array;
  /** Ed25519. */
  readonly signature: Uint8Array;
}

/** Length of what follows a client's {@link EvidenceNode}. */
export function tailBytes({ envelopes, helper }: EvidenceLayout): number {
  if (helper === undefined) return envelopes.reduce((sum, bytes) => sum + bytes, 0);
  return envelopes.length * DIGEST_BYTES + ownEnvelope({ envelopes }, helper);
}

/** Length of one client's evidence. */
export function submissionBytes(layout: EvidenceLayout): number {
  return NODE_BYTES + tailBytes(layout);
}

/** Reads what all nodes begin with. */
export function readNode(bytes: Uint8Array): EvidenceNode {
  const kind = bytes[0] === EVIDENCE_KIND.submission
    ? "submission"
    : bytes[0] === EVIDENCE_KIND.bundle
    ? "bundle"
    : malformed(`a node begins with ${bytes[0]}, expected 1 or 2`);
  const [key, digest] = [1, 1 + PUBLIC_KEY_BYTES];
  const signature = digest + DIGEST_BYTES;
  return {
    kind,
    publicKey: bytes.subarray(key, digest),
    digest: bytes.subarray(digest, signature),
    signature: bytes.subarray(signature, NODE_BYTES),
  };
}

/** Reads how many members a region's node has. */
export function readMemberCount(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
}

/** What a client proves its parcel with. */
export interface SubmissionOptions extends StatementRound {
  /** The client. */
  readonly identity: Identity;
  /** Tree digest of the masked parcel. */
  readonly digest: Uint8Array;
  /** One for each helper, in order. */
  readonly envelopes: readonly Uint8Array[];
  /** SHA-256. */
  readonly hash: Digest;
}

/** A client's evidence, signed. */
export async function encodeSubmission(
  options: SubmissionOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { task, round, sid, identity, digest, envelopes, hash } = options;
  const digests = await Promise.all(envelopes.map((envelope) => hash(envelope)));
  const body = {
    ...{ task, round, sid },
    member: identity.id,
    digest: toHex(digest),
    envelopes: await envelopesDigest(digests, hash),
  };
  const signature = await signStatement({ domain: "submission", body }, identity);
  const kind = Uint8Array.of(EVIDENCE_KIND.submission);
  return concatBytes([kind, identity.publicKey, digest, signature, ...envelopes]);
}

/** What a region proves its sum with. */
export interface BundleOptions extends Omit<Bundle, "member" | "digest"> {
  /** The region. */
  readonly identity: Identity;
  /** Tree digest of the sum. */
  readonly digest: Uint8Array;
  /** How many members' evidence follows. */
  readonly count: number;
}

/** A region's own node, signed; what follows it is the evidence of its members. */
export async function encodeBundle(options: BundleOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { identity, digest, count, ...said } = options;
  const body = { ...said, member: identity.id, digest: toHex(digest) };
  const signature = await signStatement({ domain: "bundle", body }, identity);
  const members = new Uint8Array(4);
  new DataView(members.buffer).setUint32(0, count, true);
  const kind = Uint8Array.of(EVIDENCE_KIND.bundle);
  return concatBytes([kind, identity.publicKey, digest, signature, members]);
}

/** The digests of a client's envelopes, and the envelopes that a form has of them. */
export interface Tail {
  /** SHA-256 of each envelope, in order of the helpers. */
  readonly digests: readonly Uint8Array[];
  /** All of them; in a helper's form its own. */
  readonly envelopes: readonly Uint8Array[];
}

/**
 * Reads what follows a client's node.
 *
 * @throws {TributaryError} `evidence-refused` if a helper's own envelope has not the digest beside it.
 */
export async function readTail(
  bytes: Uint8Array,
  { envelopes: lengths, helper }: EvidenceLayout,
  hash: Digest,
): Promise<Tail> {
  if (helper === undefined) {
    let at = 0;
    const envelopes = lengths.map((length) => bytes.subarray(at, at += length));
    return { envelopes, digests: await Promise.all(envelopes.map((it) => hash(it))) };
  }
  const digests = lengths.map((_, at) =>
    bytes.subarray(at * DIGEST_BYTES, (at + 1) * DIGEST_BYTES)
  );
  const envelope = bytes.subarray(lengths.length * DIGEST_BYTES);
  const [own, said] = [await hash(envelope), digests[helper - 1]];
  if (said === undefined || toHex(own) !== toHex(said)) {
    throw new TributaryError(
      "evidence-refused",
      `Cannot trust evidence: the envelope of helper ${helper} is not the one that its client signed`,
    );
  }
  return { envelopes: [envelope], digests };
}

/**
 * Evidence in the form that one helper is sent, node by node. Nothing is checked but its structure.
 *
 * @throws {TributaryError} `evidence-malformed`.
 */
export async function* evidenceFor(
  helper: number,
  { source, envelopes, hash }: {
    readonly source: EvidenceSource;
    readonly envelopes: readonly number[];
    readonly hash: Digest;
  },
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const skipped = envelopes.slice(0, helper - 1).reduce((sum, bytes) => sum + bytes, 0);
  const own = ownEnvelope({ envelopes }, helper);
  for (let nodes = 1; nodes > 0; nodes--) {
    const node = await source.read(NODE_BYTES);
    if (readNode(node).kind === "bundle") {
      const count = await source.read(4);
      nodes += readMemberCount(count);
      yield concatBytes([node, count]);
    } else {
      const tail = await source.read(tailBytes({ envelopes }));
      const { digests } = await readTail(tail, { envelopes }, hash);
      yield concatBytes([node, ...digests, tail.subarray(skipped, skipped + own)]);
    }
  }
}

function ownEnvelope({ envelopes }: EvidenceLayout, helper: number): number {
  const bytes = envelopes[helper - 1];
  if (bytes !== undefined) return bytes;
  throw new RangeError(`Cannot address helper ${helper}: expected 1 to ${envelopes.length}`);
}

function malformed(found: string): never {
  throw new TributaryError("evidence-malformed", `Cannot read evidence: ${found}`);
}
