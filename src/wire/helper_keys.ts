/**
 * What a helper says of itself: its keys, under its identity's signature, for those who write tasks.
 *
 * @module
 */
import * as v from "valibot";
import { fromBase64Url, toBase64Url } from "../core/bytes.ts";
import { TributaryError } from "../core/errors.ts";
import type { Identity } from "../core/identity.ts";
import { sealed, verifySealed } from "./domain.ts";
import { key32Schema, signatureSchema } from "./scalars.ts";

/** Most keys that a helper has at once. */
export const MAX_HELPER_KEYS = 64;

/** A helper's keys. */
export interface HelperKeys {
  /** Raw Ed25519 key of its identity, base64url: what its answers are signed with. */
  readonly identity: string;
  /** Raw X25519 keys, base64url, that shares may be sealed to; the first one is for new tasks. */
  readonly keys: readonly string[];
  /** Over `"tributary/helper/1\n"` and the canonical JSON of the other fields. */
  readonly signature: string;
}

/** Schema of {@link HelperKeys}. */
export const helperKeysSchema: v.GenericSchema<HelperKeys> = v.pipe(
  v.strictObject({
    identity: key32Schema,
    keys: v.pipe(v.array(key32Schema), v.minLength(1), v.maxLength(MAX_HELPER_KEYS)),
    signature: signatureSchema,
  }),
  v.description("A helper's keys, under its identity's signature"),
);

/** The signed list of a helper's keys. */
export async function signHelperKeys(
  keys: readonly Uint8Array[],
  identity: Identity,
): Promise<HelperKeys> {
  const said = { identity: toBase64Url(identity.publicKey), keys: keys.map(toBase64Url) };
  return { ...said, signature: toBase64Url(await identity.sign(sealed("helper", said))) };
}

/**
 * Checks that a helper's keys are its identity's word. Whose identity it is, no signature can tell.
 *
 * @throws {TributaryError} `peer-invalid` if not.
 */
export async function verifyHelperKeys({ signature, ...said }: HelperKeys): Promise<void> {
  if (await verifySealed("helper", said, signature, fromBase64Url(said.identity))) return;
  throw new TributaryError(
    "peer-invalid",
    "Cannot use a helper's keys: the signature is not its identity's",
  );
}
