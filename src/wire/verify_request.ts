/**
 * Whether a request is signed as it should be: what anyone can tell from the request alone, and what
 * takes the memory of the aggregator that it is for.
 *
 * @module
 */
import * as v from "valibot";
import { fromBase64Url, toBase64Url } from "../core/bytes.ts";
import type { Clock } from "../core/clock.ts";
import { promptDigest } from "../core/digest.ts";
import { TributaryError } from "../core/errors.ts";
import type { SignatureCheck } from "../core/identity.ts";
import { CONTENT_DIGEST } from "./content_digest.ts";
import { HEAD_FIELD } from "./helper_head.ts";
import type { Nonces } from "./nonces.ts";
import { key32Schema } from "./scalars.ts";
import {
  readSignatureFields,
  signatureBase,
  type SignatureParameters,
} from "./signature_fields.ts";
import { ALGORITHM, coveredComponents, NONCE_BYTES, REGION_FIELD, TAG } from "./signing.ts";
import { UPDATE_FIELDS } from "./update_headers.ts";

/** What kind of request is signed, which says what its signature must cover. */
export type SignedKind =
  /** An update: all its headers, and its length unless one of them tells it. */
  | "update"
  /** A body of JSON: its Content-Digest. */
  | "json"
  /** What a helper is asked: the digest of its head, which names all that follows. */
  | "ask"
  /** No body. */
  | "empty";

/** How a signature is checked by itself. */
export interface SignatureOptions {
  /** What the signature must cover. */
  readonly kind: SignedKind;
  /** Id of the member that must have signed; undefined where it may be anyone. */
  readonly member: string | undefined;
  /** Id of the aggregator that the request must be for. */
  readonly region: string;
  /** The check of a raw public key in base64url. */
  checkOf(publicKey: string): Promise<SignatureCheck> | SignatureCheck;
  /** Where the time comes from. */
  readonly clock: Clock;
  /** Longest age of a signature in seconds. */
  readonly maxAgeS: number;
  /** How far the sender's clock may be off, in seconds. */
  readonly skewS: number;
}

/** A signature that holds. */
export interface CheckedSignature {
  /** Id of the sender. */
  readonly member: string;
  /** Raw public key of the sender, base64url: the one that the member's id is the hash of. */
  readonly publicKey: string;
  /** When it was made, in seconds on the sender's clock. */
  readonly createdS: number;
  /** Makes the request another than all others of its sender. */
  readonly nonce: string;
}

/**
 * Checks that `member` signed this request, for this aggregator, not long ago. Nothing has to be known
 * of a member: its id is the hash of the key that the signature names. Whether it is enrolled, and
 * whether the request was seen before, is not looked at.
 *
 * @throws {TributaryError} `signature-missing` without a signature; `signature-expired` when it is too
 * old or from the future; `region-changed` when it is for another aggregator; `signature-invalid` for
 * everything else. What `checkOf` throws comes through.
 */
export async function checkSignature(
  request: Request,
  options: SignatureOptions,
): Promise<CheckedSignature> {
  const { headers } = request;
  const signature = headers.get("signature");
  const input = headers.get("signature-input");
  if (signature === null || input === null) {
    throw new TributaryError(
      "signature-missing",
      "Cannot accept a request: it has no signature, expected one by RFC 9421",
    );
  }
  if (headers.get(REGION_FIELD) !== options.region) {
    const found = headers.get(REGION_FIELD);
    throw new TributaryError(
      found === null ? "signature-invalid" : "region-changed",
      "Cannot accept a request: it is not addressed to this aggregator, expected " +
        `${REGION_FIELD}: ${options.region}`,
    );
  }
  const fields = readSignatureFields(input, signature);
  const required = [...coveredComponents(request.url, headers), ...requiredFields(options.kind)];
  const missing = required.find((name) => !fields.components.includes(name));
  if (missing !== undefined) refuse(`its signature does not cover ${missing}`);
  const base = signatureBase(request, fields);
  const checked = readParameters(fields.parameters, options);
  const { member } = checked;
  if (member !== (options.member ?? member)) {
    refuse(`it is signed by ${member}, expected ${options.member}`);
  }
  const check = await options.checkOf(checked.publicKey);
  if (!await check(base, fields.signature)) refuse("its signature is not its sender's over it");
  return checked;
}

/** How requests are checked by the aggregator that they are for. */
export interface VerifyOptions extends SignatureOptions {
  /** Whether requests of this member are heard at all. */
  readonly isKnown: boolean;
  /** Whether they are heard no more, and it is to be told so. */
  readonly isRevoked?: boolean;
  /** Whether it is heard though it may be anybody, see {@link Nonces}. */
  readonly isStranger?: boolean;
  /** Which requests were seen. */
  readonly nonces: Nonces;
}

/**
 * Checks that a member known here signed this request, just now and for the first time.
 *
 * @throws {TributaryError} As {@link checkSignature}; `member-unknown` when it is not known here, or
 * `member-revoked` when it is heard no more, which only the holder of the key is told; what
 * {@link Nonces} throw for one that was or may have been taken before, or that there is no room for.
 */
export async function verifyRequest(
  request: Request,
  options: VerifyOptions,
): Promise<CheckedSignature> {
  const { nonces } = options;
  const checked = await checkSignature(request, options);
  const { member, nonce, createdS } = checked;
  if (options.isRevoked === true) {
    throw new TributaryError("member-revoked", `Cannot accept a request: ${member} was revoked`);
  }
  if (!options.isKnown) {
    throw new TributaryError(
      "member-unknown",
      `Cannot accept a request: ${member} is not enrolled, expected a member`,
    );
  }
  await nonces.remember({ member, nonce, createdS }, options.isStranger);
  return checked;
}

function requiredFields(kind: SignedKind): string[] {
  switch (kind) {
    case "update":
      return [
        UPDATE_FIELDS.digest,
        UPDATE_FIELDS.slices,
        UPDATE_FIELDS.sid,
        UPDATE_FIELDS.clients,
      ];
    case "json":
      return [CONTENT_DIGEST];
    case "ask":
      return [HEAD_FIELD];
    case "empty":
      return [];
    default:
      throw kind satisfies never;
  }
}

/** Checks each parameter for itself, and the time. */
function readParameters(
  parameters: SignatureParameters,
  { clock, maxAgeS, skewS }: SignatureOptions,
): CheckedSignature {
  const { created, expires, nonce = "", keyid, alg, tag } = parameters;
  if (created === undefined) refuse("its signature does not say when it was made");
  if (alg !== ALGORITHM || tag !== TAG) {
    refuse(`its signature has alg ${alg} and tag ${tag}, expected ${ALGORITHM} and ${TAG}`);
  }
  if (!/^[A-Za-z0-9_-]{21}[AQgw]$/.test(nonce)) {
    refuse(`its nonce is malformed, expected ${NONCE_BYTES} bytes as base64url`);
  }
  if (!v.is(key32Schema, keyid)) {
    refuse("its keyid is no key, expected the raw public key as base64url");
  }
  const nowS = clock.now() / 1000;
  if (
    created > nowS + skewS || created < nowS - maxAgeS - skewS ||
    (expires !== undefined && expires < nowS)
  ) {
    throw new TributaryError(
      "signature-expired",
      `Cannot accept a request: signed at ${created} s, expected between ` +
        `${Math.ceil(nowS - maxAgeS - skewS)} and ${Math.floor(nowS + skewS)} s`,
    );
  }
  const member = toBase64Url(promptDigest(fromBase64Url(keyid)));
  return { member, publicKey: keyid, createdS: created, nonce };
}

function refuse(found: string): never {
  throw new TributaryError("signature-invalid", `Cannot accept a request: ${found}`);
}
