/**
 * A region's word that another key goes on where it was: signed by the old key, shown by the new one.
 *
 * @module
 */
import * as v from "valibot";
import { fromBase64Url, toBase64Url } from "../core/bytes.ts";
import type { Identity } from "../core/identity.ts";
import { sealed, verifySealed } from "./domain.ts";
import { key32Schema, signatureSchema } from "./scalars.ts";

/** Who handed its work on. */
export interface Succession {
  /** Raw Ed25519 key of the old identity, base64url. */
  readonly publicKey: string;
  /** Over `"tributary/succession/1\n"` and the canonical JSON of {@link SuccessionBody}. */
  readonly signature: string;
}

/** Schema of {@link Succession}. */
export const successionSchema: v.GenericSchema<Succession> = v.pipe(
  v.strictObject({ publicKey: key32Schema, signature: signatureSchema }),
  v.description("Whose work a region goes on with, under that one's signature"),
);

/** What is signed. */
export interface SuccessionBody {
  /** Digest of the task. */
  readonly task: string;
  /** Raw key of the new identity, base64url. */
  readonly to: string;
}

/** Hands the work of `from` in a task on to another key. */
export async function signSuccession(body: SuccessionBody, from: Identity): Promise<Succession> {
  const signature = await from.sign(sealed("succession", body));
  return { publicKey: toBase64Url(from.publicKey), signature: toBase64Url(signature) };
}

/** Whether the old key has signed so. */
export async function verifySuccession(
  body: SuccessionBody,
  { publicKey, signature }: Succession,
): Promise<boolean> {
  return await verifySealed("succession", body, signature, fromBase64Url(publicKey));
}
