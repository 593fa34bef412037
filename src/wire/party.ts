/**
 * Who is on the other side: an aggregator as its children know it, and a member as a region does.
 *
 * @module
 */
import * as v from "valibot";
import { key32Schema, wholeSchema } from "./scalars.ts";
import { type Succession, successionSchema } from "./succession.ts";

/** A signer: the id is the digest of the public key. */
export interface Party {
  /** base64url of SHA-256 of the public key, 43 characters. */
  readonly id: string;
  /** Raw Ed25519 public key, base64url, 43 characters. */
  readonly publicKey: string;
}

/** Schema of {@link Party}. */
export const partySchema: v.GenericSchema<Party> = v.pipe(
  v.strictObject({ id: key32Schema, publicKey: key32Schema }),
  v.description("A signer: the id is the SHA-256 of the public key"),
);

/** Most clients that one region may stand for. */
export const MAX_CLIENTS = 16_777_216;

/** What a member says of itself when it enrols. */
export type Enrolment =
  /** One device. */
  | { readonly kind: "client"; readonly publicKey: string; readonly size: 1 }
  /** An aggregator with `size` clients below it, 0 when it has none at the moment. */
  | {
    readonly kind: "region";
    readonly publicKey: string;
    readonly size: number;
    /** Whose membership it takes over, if it had another key before. */
    readonly succeeds?: Succession;
  };

/** Schema of {@link Enrolment}. */
export const enrolmentSchema: v.GenericSchema<Enrolment> = v.pipe(
  v.variant("kind", [
    v.strictObject({ kind: v.literal("client"), publicKey: key32Schema, size: v.literal(1) }),
    v.strictObject({
      kind: v.literal("region"),
      publicKey: key32Schema,
      size: wholeSchema(0, MAX_CLIENTS, "Clients below this region"),
      succeeds: v.exactOptional(successionSchema),
    }),
  ]),
  v.description("What a member says of itself when it enrols"),
);

/** A region's answer to an enrolment. */
export interface Membership {
  /** Digest of the task. */
  readonly task: string;
  /** Id of the member. */
  readonly member: string;
  /** What it was enrolled as. */
  readonly kind: "client" | "region";
  /** How many clients it stands for. */
  readonly size: number;
  /** Who signs this member's receipts. */
  readonly region: Party;
}

/** Schema of {@link Membership}. */
export const membershipSchema: v.GenericSchema<Membership> = v.pipe(
  v.strictObject({
    task: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
    member: key32Schema,
    kind: v.picklist(["client", "region"]),
    size: wholeSchema(0, MAX_CLIENTS, "Clients that this member stands for"),
    region: partySchema,
  }),
  v.description("A region's answer to an enrolment"),
);
