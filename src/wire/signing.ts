/**
 * Signed requests: HTTP Message Signatures (RFC 9421) with Ed25519.
 *
 * A signature covers the method, the path, the query if there is one, the aggregator that is
 * addressed, and either the digest of the body (RFC 9530) or all headers of an update, which name the
 * parcel's tree digest. Its parameters are created, nonce, keyid, alg and tag. `keyid` is the key itself,
 * whose hash is the sender's id: who checks a signature needs to have heard of nobody.
 *
 * @module
 */
import { createSignature } from "http-message-sig";
import { toBase64Url } from "../core/bytes.ts";
import type { Clock } from "../core/clock.ts";
import type { Identity } from "../core/identity.ts";
import type { RandomSource } from "../core/random.ts";
import { CONTENT_DIGEST } from "./content_digest.ts";
import { HEAD_FIELD } from "./helper_head.ts";
import { LABEL } from "./signature_fields.ts";
import { UPDATE_FIELDS } from "./update_headers.ts";

/** Header that names the aggregator a request is for, so that it cannot pass it on as its own. */
export const REGION_FIELD = "tributary-region";

/** Tells these signatures from those of other applications. */
export const TAG = "tributary";

/** The one algorithm, as RFC 9421 names it. */
export const ALGORITHM = "ed25519";

/** Bytes of a nonce. */
export const NONCE_BYTES = 16;

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
        keyid: toBase64Url(identity.publicKey),
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

/** What a signature over this request covers at least. */
export function coveredComponents(url: string, headers: Headers): string[] {
  const components = ["@method", "@path"];
  if (new URL(url).search !== "") components.push("@query");
  for (const name of COVERED_FIELDS) if (headers.has(name)) components.push(name);
  // An update has no digest of its content that would tell its length, but its evidence does.
  const isUpdate = headers.has(UPDATE_FIELDS.digest);
  if (isUpdate && !headers.has(UPDATE_FIELDS.evidence)) components.push(UPDATE_FIELDS.length);
  return components;
}
