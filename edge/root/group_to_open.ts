/**
 * A group of a masked round whose sum is to be opened: what its root says of it to helpers.
 *
 * @module
 */
import { concatBytes, fromBase64Url, toBase64Url, toHex } from "../../src/core/bytes.ts";
import { type Digest, DIGEST_BYTES } from "../../src/core/digest.ts";
import { envelopeBytes } from "../../src/mask/envelope.ts";
import type { Helping, Mask } from "../../src/mask/mask.ts";
import {
  BUNDLE_BYTES,
  evidenceFor,
  NODE_BYTES,
  readMemberCount,
  readNode,
  readTail,
  submissionBytes,
  tailBytes,
} from "../../src/wire/evidence.ts";
import { type EvidenceSource, evidenceSource } from "../../src/wire/evidence_source.ts";
import type { AskHead } from "../../src/wire/helper_head.ts";
import { membersRoot, type MemberUpdate } from "../../src/wire/merkle.ts";
import type { SignedTask } from "../../src/wire/task.ts";

/** A sealed sum of masked parcels, and who vouches for what is in it. */
export interface GroupToOpen {
  /** The task, as its owner signed it. */
  readonly signed: SignedTask;
  /** Digest of the task. */
  readonly task: string;
  /** Number of the round. */
  readonly round: number;
  /** Which group of it, from 0. */
  readonly group: number;
  /** Session id of the group, hex. */
  readonly sid: string;
  /** Digest of the model that the round started from, hex. */
  readonly model: string;
  /** The round's 32 random bytes, hex. */
  readonly beacon: string;
  /** Ids of the root's roster that the round's sid binds. */
  readonly roster: readonly string[];
  /** Members of the root in the sum. */
  readonly nodes: number;
  /** Clients in the sum. */
  readonly clients: number;
  /** The members' evidence one after the other, by ascending id, cut anywhere. Called several times. */
  evidence(): AsyncIterable<Uint8Array>;
  /** The masked sum. */
  readonly sum: Uint8Array;
  /** The task's scheme. */
  readonly mask: Mask;
}

/** What helpers are asked, made ready: nothing of it is made twice. */
export interface PreparedAsk {
  /** What all heads have in common. */
  readonly head: Omit<AskHead, "helper" | "bytes">;
  /** Length of the nodes in a helper's form. */
  nodeBytes(helper: number): number;
  /** Length of what follows the head. */
  bytes(helper: number): number;
  /** Roster and nodes in a helper's form. */
  rest(helper: number): AsyncGenerator<Uint8Array<ArrayBuffer>>;
}

/** Longest piece in which a roster is sent, and about the shortest of everything else. */
const PIECE_BYTES = 1 << 16;

/**
 * Goes through a group's evidence once: counts, commits to its clients and hashes the envelopes, which
 * each helper is told of.
 *
 * @throws {TributaryError} `evidence-malformed` or `body-too-short` if the evidence is not whole.
 */
export async function prepareAsk(
  group: GroupToOpen,
  { helping, digest }: { readonly helping: Helping; readonly digest: Digest },
): Promise<PreparedAsk> {
  const envelopes = helping.keys.map((_, at) => envelopeBytes(helping.shareBytes(at + 1)));
  const source = evidenceSource(group.evidence(), Number.MAX_SAFE_INTEGER);
  const walk = await walkEvidence(source, { nodes: group.nodes, envelopes, digest });
  const { task, round, group: number, sid, model, beacon, nodes } = group;
  const roster = rosterBytes(group.roster);
  const { clients, regions, digests } = walk;
  const nodeBytes = (helper: number) =>
    clients.length * submissionBytes({ envelopes, helper }) + regions * BUNDLE_BYTES;
  return {
    head: {
      ...{ task, round, group: number, sid, model, beacon, nodes },
      roster: group.roster.length,
      clients: clients.length,
      members: await membersRoot(clients, digest),
    },
    nodeBytes,
    bytes: (helper) => roster.length + nodeBytes(helper),
    rest: (helper) => inPieces(restFor(helper)),
  };

  async function* restFor(helper: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for (let at = 0; at < roster.length; at += PIECE_BYTES) {
      yield roster.slice(at, at + PIECE_BYTES);
    }
    const source = evidenceSource(group.evidence(), Number.MAX_SAFE_INTEGER);
    // Envelopes come in the order in which they were hashed.
    let at = 0;
    const hash = () => digests.subarray(at, at += DIGEST_BYTES);
    for (let node = 0; node < nodes; node++) {
      yield* evidenceFor(helper, { source, envelopes, hash });
    }
  }
}

interface Walked {
  readonly clients: readonly MemberUpdate[];
  readonly regions: number;
  /** SHA-256 of all envelopes, one after the other. */
  readonly digests: Uint8Array;
}

async function walkEvidence(
  source: EvidenceSource,
  { nodes, envelopes, digest }: {
    readonly nodes: number;
    readonly envelopes: readonly number[];
    readonly digest: Digest;
  },
): Promise<Walked> {
  const clients: MemberUpdate[] = [];
  const digests: Uint8Array[] = [];
  let regions = 0;
  for (let left = nodes; left > 0; left--) {
    const node = readNode(await source.read(NODE_BYTES));
    if (node.kind === "bundle") {
      regions++;
      left += readMemberCount(await source.read(4));
      continue;
    }
    const tail = await readTail(await source.read(tailBytes({ envelopes })), { envelopes }, digest);
    digests.push(concatBytes(tail.digests));
    const member = toBase64Url(await digest(node.publicKey));
    clients.push({ member, digest: toHex(node.digest) });
  }
  return { clients, regions, digests: concatBytes(digests) };
}

/** Ids by ascending text, as the roster's root has them. */
function rosterBytes(ids: readonly string[]): Uint8Array<ArrayBuffer> {
  return concatBytes(ids.toSorted((a, b) => a < b ? -1 : 1).map(fromBase64Url));
}

/** The same bytes in fewer pieces: each costs a step of the stream. */
async function* inPieces(
  chunks: AsyncIterable<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let held: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    held.push(chunk);
    bytes += chunk.length;
    if (bytes < PIECE_BYTES) continue;
    yield concatBytes(held);
    held = [];
    bytes = 0;
  }
  if (bytes > 0) yield concatBytes(held);
}
