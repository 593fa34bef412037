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
  /** Length of the parcel. */
  length: "content-length",
  /** Tree digest: `sha-256=:<base64>:`. */
  digest: "tributary-digest",
  /** Digests of the slices, in order, as one byte sequence `:<base64>:`. */
  slices: "tributary-slices",
  /** Session id of the round, hex. */
  sid: "tributary-sid",
  /** Clients that the parcel stands for. */
  clients: "tributary-clients",
  /** Merkle root over whom it stands for, hex; sent by regions only. */
  members: "tributary-members",
} as const;

/** Most slices of a parcel, so that their digests still fit in a header. */
const MAX_SLICES = 256;

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
}

/** The headers of an update, `Content-Length` included. */
export function updateHeaders(head: UpdateHead): Headers {
  const headers = new Headers({
    "content-type": "application/octet-stream",
    [UPDATE_FIELDS.length]: String(head.bytes),
    [UPDATE_FIELDS.digest]: digestField(head.digest),
    [UPDATE_FIELDS.slices]: serializeItem(ownBuffer(concatBytes(head.slices))),
    [UPDATE_FIELDS.sid]: head.sid,
    [UPDATE_FIELDS.clients]: String(head.clients),
  });
  if (head.members !== undefined) headers.set(UPDATE_FIELDS.members, head.members);
  return headers;
}

/** What {@link readUpdateHeaders} holds the headers against. */
export interface UpdateExpectation {
  /** Length of every parcel of the task's plan. */
  readonly bytes: number;
  /** Length of every slice but the last. */
  readonly sliceBytes: number;
  /** SHA-256; WebCrypto's by default. */
  readonly digest?: Digest;
}

/**
 * What an update's headers say, once they are checked as far as they can be without the body.
 *
 * @throws {TributaryError} `length-required` without a length; `body-too-long` or `length-mismatch`
 * when it is above or below the plan's; `digest-missing` without either digest; `digest-mismatch`
 * when the tree digest is not that of the slices' digests; `bad-request` for any other spelling.
 */
export async function readUpdateHeaders(
  headers: Headers,
  expectation: UpdateExpectation,
): Promise<UpdateHead> {
  const bytes = readLength(headers, expectation.bytes);
  const digest = readTree(required(headers, UPDATE_FIELDS.digest, "digest-missing"));
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
  return { bytes, digest, slices, sid, clients, members };
}

function required(headers: Headers, name: string, code: ErrorCode): string {
  const value = headers.get(name);
  if (value === null) {
    throw new TributaryError(code, `Cannot take an update: no ${name} header, expected one`);
  }
  return value;
}

function readLength(headers: Headers, expected: number): number {
  const text = headers.get(UPDATE_FIELDS.length);
  if (text === null || headers.has("transfer-encoding")) {
    throw new TributaryError(
      "length-required",
      "Cannot take an update: its length is not declared, expected Content-Length",
    );
  }
  if (!/^(0|[1-9]\d{0,14})$/.test(text)) malformed(UPDATE_FIELDS.length, "one whole number");
  const bytes = Number(text);
  if (bytes !== expected) {
    throw new TributaryError(
      bytes > expected ? "body-too-long" : "length-mismatch",
      `Cannot take an update: ${bytes} bytes are announced, expected ${expected}`,
    );
  }
  return bytes;
}

function readTree(field: string): Uint8Array {
  const digest = readBytes(/^sha-256=:([A-Za-z0-9+/=]+):$/.exec(field)?.[1]);
  if (digest?.length === DIGEST_BYTES) return digest;
  malformed(UPDATE_FIELDS.digest, "sha-256=:<base64 of 32 bytes>: and nothing else");
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
