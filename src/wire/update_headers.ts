/**
 * The headers of an update: what a region must know, and check the signature of, before it reads a
 * byte of the parcel. One spelling for one value; anything else is refused.
 *
 * @module
 */
import { serializeItem } from "structured-headers";
import { concatBytes, equalBytes, fromBase64 } from "../core/bytes.ts";
import { type Digest, DIGEST_BYTES, treeDigest, webDigest } from "../core/digest.ts";
import { type ErrorCode, TributaryError } from "../core/errors.ts";
import { digestField, ownBuffer } from "./content_digest.ts";
import { MAX_CLIENTS } from "./party.ts";

/** Field names of an update's headers, in lower case. */
export const UPDATE_FIELDS = {
  /** Length of the body; need not be there where `evidence` tells it. */
  length: "content-length",
  /** Tree digest of the parcel: `sha-256=:<base64>:`. */
  digest: "tributary-digest",
  /** Digests of the slices, in order, as one byte sequence `:<base64>:`. */
  slices: "tributary-slices",
  /** Session id of the round, hex. */
  sid: "tributary-sid",
  /** Clients that the parcel stands for. */
  clients: "tributary-clients",
  /** Merkle root over whom it stands for, hex; sent by regions only. */
  members: "tributary-members",
  /** Length of the evidence that follows a masked parcel. */
  evidence: "tributary-evidence",
  /** Tree digest of the evidence in pieces of 1 MiB: `sha-256=:<base64>:`. */
  evidenceDigest: "tributary-evidence-digest",
  /** Bytes of the body before the piece that is sent; not there where all of it is. */
  offset: "upload-offset",
  /** Whether the body ends with this piece: `?1` or `?0`. */
  complete: "upload-complete",
} as const;

/** Media type of a piece, as the draft for resumable uploads names it. */
const PIECE_TYPE = "application/partial-upload";

const WHOLE_NUMBER = /^(0|[1-9]\d{0,14})$/;

/** Most slices of a parcel, so that their digests still fit in a header. */
const MAX_SLICES = 256;

/** Length of every piece of evidence but the last. */
export const EVIDENCE_SLICE_BYTES: number = 1 << 20;

/** What the headers say of the evidence that follows a masked parcel. */
export interface EvidenceHead {
  /** Its length. */
  readonly bytes: number;
  /** Its tree digest over pieces of {@link EVIDENCE_SLICE_BYTES}, 32 bytes. */
  readonly digest: Uint8Array;
}

/** A piece of an update's body, where not all of it is sent at once. */
export interface UploadPiece {
  /** Bytes of the parcel before it. */
  readonly offset: number;
  /** Its length. */
  readonly bytes: number;
  /** Whether the body ends with it: then the evidence is in it, and the rest of the parcel. */
  readonly isLast: boolean;
}

/** What the headers of an update say. */
export interface UpdateHead {
  /** Length of the parcel. */
  readonly bytes: number;
  /** Tree digest of the parcel, 32 bytes. */
  readonly digest: Uint8Array;
  /** SHA-256 of each slice, in order. */
  readonly slices: readonly Uint8Array[];
  /** Session id of the round, hex. */
  readonly sid: string;
  /** Clients that the parcel stands for: 1 for a client. */
  readonly clients: number;
  /** Merkle root over whom it stands for, hex; undefined for a client. */
  readonly members: string | undefined;
  /** What follows the parcel; undefined where it is not masked. */
  readonly evidence?: EvidenceHead;
  /** Which piece of the body is sent; all of it where left out. */
  readonly piece?: UploadPiece;
  /** Set where the body comes without a length of its own. */
  readonly isStream?: true;
}

/** Length of an update's whole body. */
export function bodyBytes({ bytes, evidence }: Pick<UpdateHead, "bytes" | "evidence">): number {
  return bytes + (evidence?.bytes ?? 0);
}

/** The headers of an update, `Content-Length` included. */
export function updateHeaders(head: UpdateHead): Headers {
  const headers = new Headers({
    "content-type": "application/octet-stream",
    [UPDATE_FIELDS.length]: String(head.piece?.bytes ?? bodyBytes(head)),
    [UPDATE_FIELDS.digest]: digestField(head.digest),
    [UPDATE_FIELDS.slices]: serializeItem(ownBuffer(concatBytes(head.slices))),
    [UPDATE_FIELDS.sid]: head.sid,
    [UPDATE_FIELDS.clients]: String(head.clients),
  });
  const { members, evidence, piece } = head;
  if (piece !== undefined) {
    headers.set("content-type", PIECE_TYPE);
    headers.set(UPDATE_FIELDS.offset, String(piece.offset));
    headers.set(UPDATE_FIELDS.complete, piece.isLast ? "?1" : "?0");
  }
  if (members !== undefined) headers.set(UPDATE_FIELDS.members, members);
  if (evidence !== undefined) {
    headers.set(UPDATE_FIELDS.evidence, String(evidence.bytes));
    headers.set(UPDATE_FIELDS.evidenceDigest, digestField(evidence.digest));
  }
  return headers;
}

/** What {@link readUpdateHeaders} holds the headers against. */
export interface UpdateExpectation {
  /** Length of every parcel of the task's plan. */
  readonly bytes: number;
  /** Length of every slice but the last. */
  readonly sliceBytes: number;
  /** Least length of the evidence of the task's updates; undefined where parcels are not masked. */
  readonly leastEvidence?: number;
  /** Whether a piece of the body is sent, as its headers then have to say. */
  readonly isPiece?: boolean;
  /** SHA-256; WebCrypto's by default. */
  readonly digest?: Digest;
}

/**
 * What an update's headers say, once they are checked as far as they can be without the body.
 *
 * @throws {TributaryError} `length-required` without a length; `body-too-long` or `length-mismatch`
 * when it is above or below the plan's; `evidence-missing` where a masked parcel has none;
 * `digest-missing` without a digest; `digest-mismatch` when the tree digest is not that of the slices'
 * digests; `bad-request` for any other spelling.
 */
export async function readUpdateHeaders(
  headers: Headers,
  expectation: UpdateExpectation,
): Promise<UpdateHead> {
  const { bytes } = expectation;
  const evidence = readEvidence(headers, expectation);
  const place = readPlace(headers, expectation);
  const length = readLength(headers, { bytes, evidence }, place);
  const digest = readTree(headers, UPDATE_FIELDS.digest);
  const field = required(headers, UPDATE_FIELDS.slices, "digest-missing");
  const slices = readSlices(field, Math.ceil(bytes / expectation.sliceBytes));
  const sid = readHex(UPDATE_FIELDS.sid, required(headers, UPDATE_FIELDS.sid, "bad-request"));
  const clients = readClients(required(headers, UPDATE_FIELDS.clients, "bad-request"));
  const claimed = headers.get(UPDATE_FIELDS.members);
  const members = claimed === null ? undefined : readHex(UPDATE_FIELDS.members, claimed);
  if (!equalBytes(digest, await treeDigest(slices, expectation.digest ?? webDigest))) {
    throw new TributaryError(
      "digest-mismatch",
      "Cannot take an update: Tributary-Digest is not the digest of Tributary-Slices",
    );
  }
  return {
    ...{ bytes, digest, slices, sid, clients, members },
    ...(evidence && { evidence }),
    ...(place && { piece: { ...place, bytes: length } }),
    ...(isStream(headers) && { isStream: true }),
  };
}

/** Headers of an answer that says how much of a parcel has arrived, and whether it is in the sum. */
export function offsetHeaders(bytes: number, isWhole: boolean): Headers {
  return new Headers({
    [UPDATE_FIELDS.offset]: String(bytes),
    [UPDATE_FIELDS.complete]: isWhole ? "?1" : "?0",
  });
}

/** How much of a parcel has arrived, as the headers of an answer say; undefined where they do not. */
export function readOffset(headers: Headers): number | undefined {
  const field = headers.get(UPDATE_FIELDS.offset) ?? "";
  return WHOLE_NUMBER.test(field) ? Number(field) : undefined;
}

/** Where a piece begins, and whether it is the last one. */
function readPlace(
  headers: Headers,
  { bytes, sliceBytes, isPiece = false }: UpdateExpectation,
): Omit<UploadPiece, "bytes"> | undefined {
  const { offset: offsetField, complete: completeField } = UPDATE_FIELDS;
  if (!isPiece) {
    for (const name of [offsetField, completeField]) {
      if (headers.has(name)) malformed(name, "none, as all of the body is sent");
    }
    return undefined;
  }
  const offset = readWhole(offsetField, required(headers, offsetField, "bad-request"));
  const complete = /^\?([01])$/.exec(required(headers, completeField, "bad-request"))?.[1];
  if (complete === undefined) malformed(completeField, "?0 or ?1");
  if (offset > bytes || (offset < bytes && offset % sliceBytes !== 0)) {
    malformed(offsetField, `whole slices of ${sliceBytes} bytes, and at most ${bytes}`);
  }
  return { offset, isLast: complete === "1" };
}

function required(headers: Headers, name: string, code: ErrorCode): string {
  const value = headers.get(name);
  if (value === null) {
    throw new TributaryError(code, `Cannot take an update: no ${name} header, expected one`);
  }
  return value;
}

/** What a masked parcel is followed by; one that is not masked is followed by nothing. */
function readEvidence(
  headers: Headers,
  { leastEvidence: least }: UpdateExpectation,
): EvidenceHead | undefined {
  const field = headers.get(UPDATE_FIELDS.evidence);
  if (least === undefined) {
    if (field === null && !headers.has(UPDATE_FIELDS.evidenceDigest)) return undefined;
    malformed(UPDATE_FIELDS.evidence, "none, as this task's parcels are not masked");
  }
  if (field === null) {
    throw new TributaryError(
      "evidence-missing",
      `Cannot take an update: no ${UPDATE_FIELDS.evidence} header, expected one for a masked parcel`,
    );
  }
  const bytes = readWhole(UPDATE_FIELDS.evidence, field);
  if (bytes < least) {
    throw new TributaryError(
      "length-mismatch",
      `Cannot take an update: ${bytes} bytes of evidence are announced, expected at least ${least}`,
    );
  }
  return { bytes, digest: readTree(headers, UPDATE_FIELDS.evidenceDigest) };
}

function isStream(headers: Headers): boolean {
  return !headers.has(UPDATE_FIELDS.length) || headers.has("transfer-encoding");
}

/** The length that the headers announce, checked; a stream's is told by its evidence. */
function readLength(
  headers: Headers,
  head: { readonly bytes: number; readonly evidence: EvidenceHead | undefined },
  { offset, isLast }: Omit<UploadPiece, "bytes"> = { offset: 0, isLast: true },
): number {
  const text = headers.get(UPDATE_FIELDS.length) ?? "";
  const rest = head.bytes - offset;
  const expected = isLast ? rest + (head.evidence?.bytes ?? 0) : rest;
  if (isStream(headers) && isLast && head.evidence !== undefined) return expected;
  if (isStream(headers)) {
    throw new TributaryError(
      "length-required",
      "Cannot take an update: its length is not declared, expected Content-Length",
    );
  }
  const found = readWhole(UPDATE_FIELDS.length, text);
  if (found > expected || (isLast && found < expected)) {
    throw new TributaryError(
      found > expected ? "body-too-long" : "length-mismatch",
      `Cannot take an update: ${found} bytes are announced, expected ${
        isLast ? expected : `at most ${expected}`
      }`,
    );
  }
  return found;
}

function readWhole(name: string, field: string): number {
  if (!WHOLE_NUMBER.test(field)) malformed(name, "one whole number");
  return Number(field);
}

function readTree(headers: Headers, name: string): Uint8Array {
  const field = required(headers, name, "digest-missing");
  const digest = readBytes(/^sha-256=:([A-Za-z0-9+/=]+):$/.exec(field)?.[1]);
  if (digest?.length === DIGEST_BYTES) return digest;
  malformed(name, "sha-256=:<base64 of 32 bytes>: and nothing else");
}

function readSlices(field: string, count: number): Uint8Array[] {
  if (count > MAX_SLICES) {
    throw new TributaryError(
      "body-too-long",
      `Cannot take an update: it has ${count} slices, expected at most ${MAX_SLICES}`,
    );
  }
  const whole = readBytes(/^:([A-Za-z0-9+/=]+):$/.exec(field)?.[1]);
  if (whole?.length !== count * DIGEST_BYTES) {
    malformed(UPDATE_FIELDS.slices, `:<base64>: of ${count} digests of ${DIGEST_BYTES} bytes`);
  }
  return Array.from(
    { length: count },
    (_, at) => whole.subarray(at * DIGEST_BYTES, (at + 1) * DIGEST_BYTES),
  );
}

/** Bytes of canonical base64: one spelling for one value, which a lenient parser would not see to. */
function readBytes(base64: string | undefined): Uint8Array | undefined {
  try {
    return base64 === undefined ? undefined : fromBase64(base64);
  } catch {
    return undefined;
  }
}

function readHex(name: string, field: string): string {
  if (!/^[0-9a-f]{64}$/.test(field)) malformed(name, "64 lower-case hex digits");
  return field;
}

function readClients(field: string): number {
  const clients = Number(field);
  if (!/^(0|[1-9]\d{0,7})$/.test(field) || clients > MAX_CLIENTS) {
    malformed(UPDATE_FIELDS.clients, `one whole number up to ${MAX_CLIENTS}`);
  }
  return clients;
}

function malformed(name: string, expected: string): never {
  throw new TributaryError("bad-request", `Cannot read header ${name}: expected ${expected}`);
}
