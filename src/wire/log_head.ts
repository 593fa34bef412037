/**
 * The head of a round log's Merkle tree, signed by its keeper: what two readers compare to be sure
 * that they were shown the same log.
 *
 * The tree is over the hashes of the log's entries, 32 bytes each (RFC 9162, section 2.1.1).
 *
 * @module
 */
import * as v from "valibot";
import { fromBase64Url, fromHex, toBase64Url, toHex } from "../core/bytes.ts";
import { type Digest, webDigest } from "../core/digest.ts";
import { TributaryError } from "../core/errors.ts";
import type { Identity } from "../core/identity.ts";
import { sealed, verifySealed } from "./domain.ts";
import { merkleRoot } from "./merkle.ts";
import { readMessage } from "./message.ts";
import {
  hexDigestSchema,
  key32Schema,
  signatureSchema,
  timeMsSchema,
  wholeSchema,
} from "./scalars.ts";

/** What a head says. */
export interface LogHeadBody {
  /** Digest of the task. */
  readonly task: string;
  /** Public key of who keeps the log, base64url. */
  readonly keeper: string;
  /** Entries in the log. */
  readonly size: number;
  /** Merkle root over their hashes, hex. */
  readonly root: string;
  /** When it was signed, on the keeper's clock. */
  readonly atMs: number;
}

/** A signed head. */
export interface LogHead {
  /** What it says. */
  readonly body: LogHeadBody;
  /** Over `"tributary/log-head/1\n"` and the canonical JSON of the body. */
  readonly signature: string;
}

/** Schema of {@link LogHead}. */
export const logHeadSchema: v.GenericSchema<LogHead> = v.pipe(
  v.strictObject({
    body: v.strictObject({
      task: hexDigestSchema,
      keeper: key32Schema,
      size: wholeSchema(0, Number.MAX_SAFE_INTEGER, "Entries in the log"),
      root: hexDigestSchema,
      atMs: timeMsSchema,
    }),
    signature: signatureSchema,
  }),
  v.description("The signed head of a round log's Merkle tree"),
);

/** Most nodes of a proof: what a list of 2^53 entries takes, and one. */
const MAX_PROOF = 54;

const nodesSchema = v.pipe(
  v.array(hexDigestSchema),
  v.maxLength(MAX_PROOF),
  v.description("Nodes of the tree, in the order of RFC 9162"),
);

/** A proof that an entry is in a log. */
export interface LogInclusion {
  /** Place of the entry. */
  readonly seq: number;
  /** Entries in the log whose root it leads to. */
  readonly size: number;
  /** Nodes beside its way up, hex. */
  readonly proof: readonly string[];
}

/** Schema of {@link LogInclusion}. */
export const logInclusionSchema: v.GenericSchema<LogInclusion> = v.pipe(
  v.strictObject({
    seq: wholeSchema(0, Number.MAX_SAFE_INTEGER, "Place of the entry"),
    size: wholeSchema(1, Number.MAX_SAFE_INTEGER, "Entries in the log"),
    proof: nodesSchema,
  }),
  v.description("A proof that an entry is in a round log"),
);

/** A proof that a log of `from` entries is how one of `to` entries begins. */
export interface LogConsistency {
  /** Entries in the shorter log. */
  readonly from: number;
  /** Entries in the longer log. */
  readonly to: number;
  /** Nodes that give both roots, hex. */
  readonly proof: readonly string[];
}

/** Schema of {@link LogConsistency}. */
export const logConsistencySchema: v.GenericSchema<LogConsistency> = v.pipe(
  v.strictObject({
    from: wholeSchema(0, Number.MAX_SAFE_INTEGER, "Entries in the shorter log"),
    to: wholeSchema(0, Number.MAX_SAFE_INTEGER, "Entries in the longer log"),
    proof: nodesSchema,
  }),
  v.description("A proof that a round log is how a longer one begins"),
);

/** Merkle root of a log with entries of these hashes, hex. */
export async function logRoot(
  hashes: readonly string[],
  digest: Digest = webDigest,
): Promise<string> {
  return toHex(await merkleRoot(hashes.map(fromHex), digest));
}

/** A head of a log that this identity keeps. */
export async function signLogHead(
  head: Omit<LogHeadBody, "keeper">,
  identity: Identity,
): Promise<LogHead> {
  const { task, size, root, atMs } = head;
  const keeper = toBase64Url(identity.publicKey);
  const body: LogHeadBody = { task, keeper, size, root, atMs };
  const signature = await identity.sign(sealed("log-head", body));
  return { body, signature: toBase64Url(signature) };
}

/**
 * Checks a head that came from outside: its form, whose and of which task it is, and its signature.
 *
 * @param expected Digest of the task, and the keeper's public key, base64url.
 * @throws {TributaryError} `log-invalid` unless it is one.
 */
export async function verifyLogHead(
  head: unknown,
  expected: { readonly task: string; readonly keeper: string },
): Promise<LogHead> {
  const checked = readMessage(logHeadSchema, head, { what: "a log head", code: "log-invalid" });
  const { body, signature } = checked;
  for (const name of ["task", "keeper"] as const) {
    if (body[name] !== expected[name]) {
      refuse(`its ${name} is ${body[name]}, expected ${expected[name]}`);
    }
  }
  if (!await verifySealed("log-head", body, signature, fromBase64Url(body.keeper))) {
    refuse("its signature is not that of the log's keeper");
  }
  return checked;
}

function refuse(found: string): never {
  throw new TributaryError("log-invalid", `Cannot trust a log head: ${found}`);
}
