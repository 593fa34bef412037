/**
 * A helper's answer: the sum of its shares of one set of clients, under its identity's signature. It
 * travels as `LE32 length of the document ‖ document ‖ share`.
 *
 * @module
 */
import * as v from "valibot";
import { toBase64Url, toHex, utf8 } from "../core/bytes.ts";
import { type Digest, webDigest } from "../core/digest.ts";
import { TributaryError } from "../core/errors.ts";
import type { Identity } from "../core/identity.ts";
import { sealed, verifySealed } from "./domain.ts";
import { framed, LENGTH_BYTES, readLength } from "./helper_head.ts";
import { readJsonMessage } from "./message.ts";
import { MAX_CLIENTS } from "./party.ts";
import { hexDigestSchema, roundNumberSchema, signatureSchema, wholeSchema } from "./scalars.ts";

/** Longest document before a share. */
export const MAX_ANSWER_HEAD_BYTES = 4096;

/** What an answer says of the share that follows it. */
export interface AnswerBody {
  /** Digest of the task. */
  readonly task: string;
  /** Number of the round. */
  readonly round: number;
  /** Session id of the group, hex. */
  readonly sid: string;
  /** Which helper, from 1. */
  readonly helper: number;
  /** Clients whose shares are in the sum. */
  readonly clients: number;
  /** Merkle root over the clients' ids and the digests of their parcels, hex. */
  readonly members: string;
  /** SHA-256 of the share, hex. */
  readonly share: string;
}

/** An answer's document. */
export interface Answer extends AnswerBody {
  /** Over `"tributary/answer/1\n"` and the canonical JSON of the other fields. */
  readonly signature: string;
}

/** Schema of {@link Answer}. */
const answerSchema: v.GenericSchema<Answer> = v.pipe(
  v.strictObject({
    task: hexDigestSchema,
    round: roundNumberSchema,
    sid: hexDigestSchema,
    helper: wholeSchema(1, 255, "Which helper, from 1"),
    clients: wholeSchema(1, MAX_CLIENTS, "Clients whose shares are in the sum"),
    members: hexDigestSchema,
    share: hexDigestSchema,
    signature: signatureSchema,
  }),
  v.description("A helper's word of whose shares it added"),
);

/** The answer's bytes: a share, with whose it is under the helper's signature before it. */
export async function encodeAnswer(
  body: Omit<AnswerBody, "share">,
  share: Uint8Array,
  { identity, digest = webDigest }: { readonly identity: Identity; readonly digest?: Digest },
): Promise<Uint8Array<ArrayBuffer>> {
  const said: AnswerBody = { ...body, share: toHex(await digest(share)) };
  const signature = toBase64Url(await identity.sign(sealed("answer", said)));
  return framed(utf8(JSON.stringify({ ...said, signature } satisfies Answer)), share);
}

/** What an answer is held against. */
export interface AnswerExpectation {
  /** What was asked: every field of the document but the share's digest. */
  readonly asked: Omit<AnswerBody, "share">;
  /** The helper's raw Ed25519 key, as the task names it. */
  readonly publicKey: Uint8Array;
  /** Length of the share. */
  readonly shareBytes: number;
  /** SHA-256; WebCrypto's by default. */
  readonly digest?: Digest;
}

/**
 * The share in an answer.
 *
 * @throws {TributaryError} `answer-invalid` unless it is just the answer that was asked for, under the
 * helper's key.
 */
export async function readAnswer(
  bytes: Uint8Array,
  { asked, publicKey, shareBytes, digest = webDigest }: AnswerExpectation,
): Promise<Uint8Array> {
  const length = bytes.length < LENGTH_BYTES ? 0 : readLength(bytes);
  const share = bytes.subarray(LENGTH_BYTES + length);
  if (length < 1 || share.length !== shareBytes) {
    refuse(`${bytes.length} bytes with a document of ${length}, expected ${shareBytes} more`);
  }
  const document = bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + length);
  const form = { what: "a helper's answer", code: "answer-invalid" } as const;
  const { signature, ...said } = readJsonMessage(answerSchema, document, form);
  const expected: AnswerBody = { ...asked, share: toHex(await digest(share)) };
  for (const [field, value] of Object.entries(expected)) {
    const found = said[field as keyof AnswerBody];
    if (found !== value) refuse(`its ${field} is ${found}, expected ${value}`);
  }
  if (!await verifySealed("answer", said, signature, publicKey)) {
    refuse(`the signature is not that of helper ${asked.helper}`);
  }
  return share;
}

function refuse(found: string): never {
  throw new TributaryError("answer-invalid", `Cannot use a helper's answer: ${found}`);
}
