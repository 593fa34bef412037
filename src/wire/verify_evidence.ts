/**
 * Checking evidence: who vouches for whom, down to each client, without trusting who brought it.
 *
 * @module
 */
import { toBase64Url, toHex } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";
import { TributaryError } from "../core/errors.ts";
import type { CheckOf } from "../core/identity.ts";
import {
  BUNDLE_BYTES,
  type EvidenceLayout,
  type EvidenceNode,
  NODE_BYTES,
  readMemberCount,
  readNode,
  readTail,
  submissionBytes,
  tailBytes,
} from "./evidence.ts";
import type { EvidenceSource } from "./evidence_source.ts";
import { membersRoot } from "./merkle.ts";
import {
  envelopesDigest,
  type Statement,
  type StatementRound,
  verifyStatement,
} from "./statement.ts";

/** A client that evidence holds, once its signature was checked. */
export interface ProvenClient {
  /** Id of the client. */
  readonly client: string;
  /** Tree digest of its masked parcel. */
  readonly digest: Uint8Array;
  /** All its envelopes; in a helper's form its own. */
  readonly envelopes: readonly Uint8Array[];
}

/** What evidence is checked against. */
export interface VerifyEvidenceOptions extends StatementRound, EvidenceLayout {
  /** SHA-256. */
  readonly hash: Digest;
  /** How signatures are checked; by WebCrypto unless the platform has something faster. */
  readonly checkOf?: CheckOf;
  /** Ids that were met already, to which this adds its own: none may come twice. */
  readonly seen: Set<string>;
  /** Takes each client. Up to {@link WIDTH} at a time, in whatever order their checks end. */
  visit?(client: ProvenClient): void | Promise<void> | undefined;
}

/** What evidence proves. */
export interface Proof {
  /** Who signed the first node. */
  readonly member: string;
  /** Whether that is a client or a region. */
  readonly kind: EvidenceNode["kind"];
  /** Tree digest of its parcel or sum, hex. */
  readonly digest: string;
  /** Clients below it: 1 for a client. */
  readonly clients: number;
  /** Merkle root over its members, hex; absent for a client. */
  readonly members?: string;
}

/** Most levels of regions. */
const MAX_DEPTH = 16;
/** Checks under way at once. */
const WIDTH = 32;

/**
 * Reads the evidence of one member and checks every signature in it.
 *
 * Ids ascend within each region, so that the same members have one form, and none comes twice. What a
 * region says of its members is held against what they signed.
 *
 * @throws {TributaryError} `evidence-malformed` for bytes that are no evidence or are out of order,
 * `member-repeated`, `evidence-refused` for a signature that is not its signer's over this round, and
 * whatever `visit` throws.
 */
export async function verifyEvidence(
  source: EvidenceSource,
  options: VerifyEvidenceOptions,
): Promise<Proof> {
  const checks = createChecks();
  try {
    return await verifyNode(source, { options, checks, depth: 0 });
  } finally {
    await checks.end();
  }
}

/**
 * Reads the evidence of `count` members that lie beside each other, as {@link verifyEvidence} reads
 * one's; their ids ascend.
 */
export async function verifyMembers(
  source: EvidenceSource,
  count: number,
  options: VerifyEvidenceOptions,
): Promise<Proof[]> {
  const checks = createChecks();
  try {
    return await verifyList(source, count, { options, checks, depth: 0 });
  } finally {
    await checks.end();
  }
}

interface Walk {
  readonly options: VerifyEvidenceOptions;
  readonly checks: Checks;
  readonly depth: number;
}

async function verifyList(source: EvidenceSource, count: number, walk: Walk): Promise<Proof[]> {
  const least = Math.min(BUNDLE_BYTES, submissionBytes(walk.options));
  // No more than can follow: a count out of thin air must not be counted to.
  if (count < 1 || count > source.left / least) {
    malformed(`there are ${count} members in ${source.left} bytes, expected 1 to as many as fit`);
  }
  const proofs: Proof[] = [];
  for (let at = 0; at < count; at++) {
    const proof = await verifyNode(source, walk);
    const before = proofs.at(-1)?.member ?? "";
    if (proof.member <= before) malformed(`${proof.member} follows ${before}, expected in order`);
    proofs.push(proof);
  }
  return proofs;
}

async function verifyNode(source: EvidenceSource, walk: Walk): Promise<Proof> {
  const { options, depth } = walk;
  if (depth > MAX_DEPTH) malformed(`regions are nested more than ${MAX_DEPTH} deep`);
  const node = readNode(await source.read(NODE_BYTES));
  const member = toBase64Url(await options.hash(node.publicKey));
  if (options.seen.has(member)) {
    throw new TributaryError("member-repeated", `Cannot trust evidence: ${member} is in it twice`);
  }
  options.seen.add(member);
  return node.kind === "submission"
    ? await verifySubmission(source, { ...walk, node, member })
    : await verifyBundle(source, { ...walk, node, member });
}

interface NodeWalk extends Walk {
  readonly node: EvidenceNode;
  readonly member: string;
}

async function verifySubmission(source: EvidenceSource, walk: NodeWalk): Promise<Proof> {
  const { options, checks, node, member } = walk;
  const { task, round, sid, hash } = options;
  const tail = await source.read(tailBytes(options));
  const digest = toHex(node.digest);
  await checks.run(async () => {
    const { digests, envelopes } = await readTail(tail, options, hash);
    const signed = await envelopesDigest(digests, hash);
    const body = { task, round, sid, member, digest, envelopes: signed };
    await checkSigned({ domain: "submission", body }, node, options);
    await options.visit?.({ client: member, digest: node.digest, envelopes });
  });
  return { kind: "submission", member, digest, clients: 1 };
}

async function verifyBundle(source: EvidenceSource, walk: NodeWalk): Promise<Proof> {
  const { options, checks, node, member } = walk;
  const { task, round, sid, hash } = options;
  const count = readMemberCount(await source.read(4));
  const below = await verifyList(source, count, { ...walk, depth: walk.depth + 1 });
  const clients = below.reduce((sum, proof) => sum + proof.clients, 0);
  const digest = toHex(node.digest);
  const members = await membersRoot(below, hash);
  await checks.run(async () => {
    const body = { task, round, sid, member, digest, clients, members };
    await checkSigned({ domain: "bundle", body }, node, options);
  });
  return { kind: "bundle", member, digest, clients, members };
}

async function checkSigned(
  statement: Statement,
  node: EvidenceNode,
  { checkOf }: VerifyEvidenceOptions,
): Promise<void> {
  if (await verifyStatement(statement, { ...node, ...(checkOf && { checkOf }) })) return;
  const { member, round, sid } = statement.body;
  throw new TributaryError(
    "evidence-refused",
    `Cannot trust evidence: ${member} has not signed this ${statement.domain} for round ${round} under sid ${sid}`,
  );
}

/** Checks that run beside the reading, a few at a time. */
interface Checks {
  /** Starts a check once there is room; throws what an earlier one threw. */
  run(check: () => Promise<void>): Promise<void>;
  /** Waits for all of them; throws what the first one threw that failed. */
  end(): Promise<void>;
}

function createChecks(): Checks {
  const running = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  const rethrow = () => {
    if (failure !== undefined) throw failure.error;
  };
  return {
    async run(check) {
      rethrow();
      const ended: Promise<void> = check()
        .catch((error) => void (failure ??= { error }))
        .finally(() => running.delete(ended));
      running.add(ended);
      if (running.size >= WIDTH) await Promise.race(running);
    },
    async end() {
      await Promise.all(running);
      rethrow();
    },
  };
}

function malformed(found: string): never {
  throw new TributaryError("evidence-malformed", `Cannot read evidence: ${found}`);
}
