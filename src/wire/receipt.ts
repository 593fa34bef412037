/**
 * The receipt: a region's signed word that an update is in its sum, and durable.
 *
 * @module
 */
import * as v from "valibot";
import { toBase64Url } from "../core/bytes.ts";
import { TributaryError } from "../core/errors.ts";
import type { Identity } from "../core/identity.ts";
import { sealed, verifySealed } from "./domain.ts";
import { MAX_CLIENTS } from "./party.ts";
import {
  hexDigestSchema,
  key32Schema,
  roundNumberSchema,
  signatureSchema,
  wholeSchema,
} from "./scalars.ts";

/** What a receipt says. */
export interface ReceiptBody {
  /** Digest of the task. */
  readonly task: string;
  /** Number of the round. */
  readonly round: number;
  /** Session id of the round. */
  readonly sid: string;
  /** Id of the member whose update it is. */
  readonly member: string;
  /** Tree digest of the parcel, hex. */
  readonly digest: string;
  /** Clients that the parcel stands for. */
  readonly clients: number;
  /** Place among the round's updates, from 0. */
  readonly position: number;
  /** Id of the region that signs. */
  readonly region: string;
}

/** A region's signed word that an update is in its sum. */
export interface Receipt extends ReceiptBody {
  /** Over `"tributary/receipt/1\n"` and the canonical JSON of the other fields. */
  readonly signature: string;
}

/** Schema of {@link Receipt}. */
export const receiptSchema: v.GenericSchema<Receipt> = v.pipe(
  v.strictObject({
    task: hexDigestSchema,
    round: roundNumberSchema,
    sid: hexDigestSchema,
    member: key32Schema,
    digest: hexDigestSchema,
    clients: wholeSchema(0, MAX_CLIENTS, "Clients that the parcel stands for"),
    position: wholeSchema(0, Number.MAX_SAFE_INTEGER, "Place among the round's updates, from 0"),
    region: key32Schema,
    signature: signatureSchema,
  }),
  v.description("A region's signed word that an update is in its sum, and durable"),
);

/** The receipt that says `body`, signed by the region that it names. */
export async function signReceipt(body: ReceiptBody, region: Identity): Promise<Receipt> {
  return { ...body, signature: toBase64Url(await region.sign(sealed("receipt", body))) };
}

/**
 * Checks that a receipt says what is expected, under the region's key.
 *
 * @param receipt  Of the right form.
 * @param expected What the holder sent; every field but the position, which only the region knows.
 * @param publicKey The region's raw public key.
 * @throws {TributaryError} `receipt-invalid`, naming the first field that differs, or the signature.
 */
export async function verifyReceipt(
  receipt: Receipt,
  expected: Omit<ReceiptBody, "position">,
  publicKey: Uint8Array,
): Promise<void> {
  const { signature, ...body } = receipt;
  for (const [field, value] of Object.entries(expected)) {
    const found = body[field as keyof ReceiptBody];
    if (found !== value) {
      refuse(`its ${field} is ${found}, expected ${value}`);
    }
  }
  if (!await verifySealed("receipt", body, signature, publicKey)) {
    refuse(`the signature is not that of region ${receipt.region}`);
  }
}

function refuse(found: string): never {
  throw new TributaryError("receipt-invalid", `Cannot accept a receipt: ${found}`);
}
