/**
 * Signed requests: HTTP Message Signatures (RFC 9421) with Ed25519.
 *
 * A signature covers the method, the path, the query if there is one, the aggregator that is
 * addressed, and either the digest of the body (RFC 9530) or all headers of an update, which name the
 * parcel's tree digest. Its parameters are created, nonce, keyid, alg and tag.
 *
 * @module
 */
import { createSignature } from "http-message-sig";
import { toBase64Url } from "../core/bytes.ts";
import type { Clock } from "../core/clock.ts";
import { TributaryError } from "../core/errors.ts";
import type { Identity, SignatureCheck } from "../core/identity.ts";
import type { RandomSource } from "../core/random.ts";
import { CONTENT_DIGEST } from "./content_digest.ts";
import { HEAD_FIELD } from "./helper_head.ts";
import type { Nonces } from "./nonces.ts";
import {
  LABEL,
  readSignatureFields,
  signatureBase,
  type SignatureParameters,
} from "./signature_fields.ts";
import { UPDATE_FIELDS } from "./update_headers.ts";

/** Header that names the aggregator a request is for, so that it cannot pass it on as its own. */
const REGION_FIELD = "tributary-region";

const TAG = "tributary";
const ALGORITHM = "ed25519";
const NONCE_BYTES = 16;

/** Fields that a signature covers whenever the request has them. */
const COVERED_FIELDS = [
  REGION_FIELD,
  CONTENT_DIGEST,
  HEAD_FIELD,
  ...Object.values(UPDATE_FIELDS).filter((name) => name !== UPDATE_FIELDS.length),
];

/** A request before it is signed. */
export interface UnsignedRequest {
  /** Upper-case method. */
  readonly method: string;
  /** Absolute address. */
  readonly url: string;
  /** Every header that the signature is to cover. */
  readonly headers: Headers;
}

/** Who signs, for whom, and when. */
export interface SigningOptions {
  /** The sender. */
  readonly identity: Identity;
  /** Id of the aggregator addressed. */
  readonly region: string;
  /** Where the time comes from. */
  readonly clock: Clock;
  /** Where the nonce comes from. */
  readonly random: RandomSource;
}

/** The request's headers with {@link REGION_FIELD}, `Signature-Input` and `Signature` added. */
export async function signedHeaders(
  request: UnsignedRequest,
  options: SigningOptions,
): Promise<Headers> {
  const { identity, region, clock, random } = options;
  const headers = new Headers(request.headers);
  headers.set(REGION_FIELD, region);
  const fields = await createSignature(
    {
      kind: "request",
      method: request.method,
      targetUri: request.url,
      // A descriptor, as a browser's Request drops Content-Length, which it will send all the same.
      fields: Array.from(headers, ([name, value]) => ({ name, value })),
    },
    {
      label: LABEL,
      components: coveredComponents(request.url, headers),
      parameters: {
        created: Math.floor(clock.now() / 1000),
        nonce: toBase64Url(random(NONCE_BYTES)),
        keyid: identity.id,
        alg: ALGORITHM,
        tag: TAG,
      },
      signer: { algorithm: ALGORITHM, sign: (bytes) => identity.sign(bytes) },
    },
  );
  headers.set("signature-input", fields.signatureInput);
  headers.set("signature", fields.signature);
  return headers;
}

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

/** How signatures are checked. */
export interface VerifyOptions {
  /** What the signature must cover. */
  readonly kind: SignedKind;
  /** Id of the member that must have signed: the one in the path. */
  readonly member: string;
  /** Id of this aggregator. */
  readonly region: string;
  /** The check of the member's public key; undefined when it is not enrolled. */
  keyOf(member: string): Promise<SignatureCheck | undefined> | SignatureCheck | undefined;
  /** Where the time comes from. */
  readonly clock: Clock;
  /** Which requests were seen. */
  readonly nonces: Nonces;
  /** Longest age of a signature in seconds. */
  readonly maxAgeS: number;
  /** How far the sender's clock may be off, in seconds. */
  readonly skewS: number;
}

/**
 * Checks that `member` signed this request, for this aggregator, just now and for the first time.
 *
 * @throws {TributaryError} `signature-missing` without a signature; `signature-expired` when it is too
 * old, from the future, or from before this aggregator started, when its nonces were not yet kept;
 * `member-unknown` when the member is not enrolled; `request-replayed` or `busy` as {@link Nonces};
 * `signature-invalid` for everything else. What `keyOf` throws comes through.
 */
export async function verifyRequest(request: Request, options: VerifyOptions): Promise<void> {
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
    refuse(`it is not addressed to this aggregator, expected ${REGION_FIELD}: ${options.region}`);
  }
  const fields = readSignatureFields(input, signature);
  const required = [...coveredComponents(request.url, headers), ...requiredFields(options.kind)];
  const missing = required.find((name) => !fields.components.includes(name));
  if (missing !== undefined) refuse(`its signature does not cover ${missing}`);
  const base = signatureBase(request, fields);
  const nonce = checkParameters(fields.parameters, options);
  const check = await options.keyOf(options.member);
  if (check === undefined) {
    throw new TributaryError(
      "member-unknown",
      `Cannot accept a request: ${options.member} is not enrolled, expected a member`,
    );
  }
  if (!await check(base, fields.signature)) refuse("its signature is not its member's over it");
  options.nonces.remember(options.member, nonce);
}

/** What a signature over this request covers at least. */
function coveredComponents(url: string, headers: Headers): string[] {
  const components = ["@method", "@path"];
  if (new URL(url).search !== "") components.push("@query");
  for (const name of COVERED_FIELDS) if (headers.has(name)) components.push(name);
  // An update has no digest of its content that would tell its length, but its evidence does.
  const isUpdate = headers.has(UPDATE_FIELDS.digest);
  if (isUpdate && !headers.has(UPDATE_FIELDS.evidence)) components.push(UPDATE_FIELDS.length);
  return components;
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

/** Checks all parameters; the nonce. */
function checkParameters(parameters: SignatureParameters, options: VerifyOptions): string {
  const { created, expires, nonce = "", keyid, alg, tag } = parameters;
  if (created === undefined) refuse("its signature does not say when it was made");
  if (alg !== ALGORITHM || tag !== TAG) {
    refuse(`its signature has alg ${alg} and tag ${tag}, expected ${ALGORITHM} and ${TAG}`);
  }
  if (!/^[A-Za-z0-9_-]{21}[AQgw]$/.test(nonce)) {
    refuse(`its nonce is malformed, expected ${NONCE_BYTES} bytes as base64url`);
  }
  if (keyid !== options.member) {
    refuse(`it is signed by ${keyid}, expected ${options.member}`);
  }
  const nowS = options.clock.now() / 1000;
  const { maxAgeS, skewS } = options;
  // A signature tells whole seconds: one of the second in which the window began may be from before.
  const startS = Math.ceil(options.nonces.sinceMs / 1000);
  if (
    created > nowS + skewS || created < nowS - maxAgeS - skewS || created < startS ||
    (expires !== undefined && expires < nowS)
  ) {
    throw new TributaryError(
      "signature-expired",
      `Cannot accept a request: signed at ${created} s, expected between ` +
        `${Math.max(startS, Math.ceil(nowS - maxAgeS - skewS))} and ${Math.floor(nowS + skewS)} s`,
      // A request that was on its way during a restart is in order once it is signed again.
      created < startS && created >= nowS - maxAgeS - skewS ? { retryAfterS: 1 } : {},
    );
  }
  return nonce;
}

function refuse(found: string): never {
  throw new TributaryError("signature-invalid", `Cannot accept a request: ${found}`);
}
