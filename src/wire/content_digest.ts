/**
 * `Content-Digest` of RFC 9530, which binds a small body to the headers that are signed.
 *
 * @module
 */
import { parseDictionary, serializeDictionary } from "structured-headers";
import { equalBytes } from "../core/bytes.ts";
import { type Digest, webDigest } from "../core/digest.ts";
import { TributaryError } from "../core/errors.ts";

/** Name of the field. */
export const CONTENT_DIGEST = "content-digest";

/** A digest as the only member of a structured dictionary (RFC 8941): `sha-256=:<base64>:`. */
export function digestField(sha256: Uint8Array): string {
  return serializeDictionary({ "sha-256": [ownBuffer(sha256), new Map()] });
}

/** Value of `Content-Digest` for a body. */
export async function contentDigestOf(
  body: Uint8Array,
  digest: Digest = webDigest,
): Promise<string> {
  return digestField(await digest(body));
}

/**
 * Checks a whole body against its `Content-Digest`. Algorithms other than sha-256 are not read.
 *
 * @throws {TributaryError} `digest-missing` without a sha-256 there, `bad-request` when the field is
 * malformed, `digest-mismatch` when the body is another.
 */
export async function checkContentDigest(
  headers: Headers,
  body: Uint8Array,
  digest: Digest = webDigest,
): Promise<void> {
  const field = headers.get(CONTENT_DIGEST);
  const claimed = field === null ? undefined : sha256Of(field);
  if (claimed === undefined) {
    throw new TributaryError(
      "digest-missing",
      "Cannot check the body: no sha-256 in Content-Digest, expected one (RFC 9530)",
    );
  }
  if (!equalBytes(claimed, await digest(body))) {
    throw new TributaryError(
      "digest-mismatch",
      "Cannot accept the body: its SHA-256 is not the one in Content-Digest",
    );
  }
}

function sha256Of(field: string): Uint8Array | undefined {
  try {
    const member = parseDictionary(field).get("sha-256");
    if (member === undefined) return undefined;
    if (member[0] instanceof ArrayBuffer) return new Uint8Array(member[0]);
  } catch {
    // Answered below, like a member of another type.
  }
  throw new TributaryError(
    "bad-request",
    "Cannot read Content-Digest: expected a dictionary of byte sequences (RFC 9530)",
  );
}

/** The library serialises whole buffers only. */
export function ownBuffer(bytes: Uint8Array): ArrayBuffer {
  return bytes.slice().buffer as ArrayBuffer;
}
