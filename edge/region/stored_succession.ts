/**
 * How a region's store came to the identity that it goes with now.
 *
 * @module
 */
import * as v from "valibot";
import { utf8 } from "../../src/core/bytes.ts";
import { readJsonMessage } from "../../src/wire/message.ts";
import { key32Schema, signatureSchema } from "../../src/wire/scalars.ts";
import type { Succession } from "../../src/wire/succession.ts";
import { readSlices, sliceRows } from "../task/models.ts";
import type { RoundStore, SliceRow } from "../store.ts";

/** Name of the slices that tell how the store came to its identity. */
const SUCCESSION_NAME = "succession";

/** How a store came to the identity that it goes with now. */
export interface StoredSuccession extends Succession {
  /** Raw key of the identity that began the log, base64url. */
  readonly first: string;
  /** Raw key of the identity that goes on with it, base64url. */
  readonly to: string;
}

const storedSchema: v.GenericSchema<StoredSuccession> = v.strictObject({
  first: key32Schema,
  publicKey: key32Schema,
  to: key32Schema,
  signature: signatureSchema,
});

/** The newest change of keys of a task's store; undefined if there was none. */
export async function readSuccession(
  store: RoundStore,
  task: string,
): Promise<StoredSuccession | undefined> {
  const bytes = await readSlices(store, task, SUCCESSION_NAME);
  if (bytes === undefined) return undefined;
  const form = { what: "a stored change of keys", code: "store-failed" } as const;
  return readJsonMessage(storedSchema, bytes, form);
}

/** The slices of a change of keys. */
export function successionRows(stored: StoredSuccession): SliceRow[] {
  return sliceRows(SUCCESSION_NAME, utf8(JSON.stringify(stored)));
}
