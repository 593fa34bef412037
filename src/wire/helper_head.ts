/**
 * What a root asks a helper for: the sum of its shares of one set of clients, and everything that the
 * helper needs to check that it may give it.
 *
 * A request's body is `LE32 length of the head ‖ head ‖ roster ‖ nodes`: the head as JSON, the ids of the
 * root's roster, 32 bytes each in ascending order of their text, and then the evidence of the group's
 * members, in which every envelope but the helper's own is replaced by its digest.
 *
 * @module
 */
import * as v from "valibot";
import { concatBytes } from "../core/bytes.ts";
import { MAX_CLIENTS } from "./party.ts";
import { hexDigestSchema, roundNumberSchema, wholeSchema } from "./scalars.ts";

/** Header of an ask, covered by its signature: `sha-256=:<base64>:` of the head's bytes. */
export const HEAD_FIELD = "tributary-head";

/** Longest head. */
export const MAX_HEAD_BYTES = 4096;

/** The head of an ask. */
export interface AskHead {
  /** Digest of the task. */
  readonly task: string;
  /** Number of the round. */
  readonly round: number;
  /** Which group of it, from 0. */
  readonly group: number;
  /** Session id of the group, hex: what the clients sealed and signed for. */
  readonly sid: string;
  /** Digest of the model that the round starts from, hex. */
  readonly model: string;
  /** The root's 32 random bytes, hex. */
  readonly beacon: string;
  /** Which helper is asked, from 1. */
  readonly helper: number;
  /** Members of the root's roster, whose ids follow. */
  readonly roster: number;
  /** Members of the root in the set: nodes that follow at the top. */
  readonly nodes: number;
  /** Length of all nodes. */
  readonly bytes: number;
  /** Clients in the set. */
  readonly clients: number;
  /** Merkle root over the clients' ids and the digests of their parcels, hex. */
  readonly members: string;
}

/** Schema of {@link AskHead}. */
export const askHeadSchema: v.GenericSchema<AskHead> = v.pipe(
  v.strictObject({
    task: hexDigestSchema,
    round: roundNumberSchema,
    group: wholeSchema(0, 2 ** 32 - 1, "Which group of the round, from 0"),
    sid: hexDigestSchema,
    model: hexDigestSchema,
    beacon: hexDigestSchema,
    helper: wholeSchema(1, 255, "Which helper is asked, from 1"),
    roster: wholeSchema(1, MAX_CLIENTS, "Members of the root's roster"),
    nodes: wholeSchema(1, MAX_CLIENTS, "Members of the root in the set"),
    bytes: wholeSchema(1, Number.MAX_SAFE_INTEGER, "Length of all nodes"),
    clients: wholeSchema(1, MAX_CLIENTS, "Clients in the set"),
    members: hexDigestSchema,
  }),
  v.description("What a root asks a helper for"),
);

/** Bytes that tell the length of what follows. */
export const LENGTH_BYTES = 4;

/** `LE32 length ‖ bytes`, and what comes after it. */
export function framed(first: Uint8Array, ...rest: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const length = new Uint8Array(LENGTH_BYTES);
  new DataView(length.buffer).setUint32(0, first.length, true);
  return concatBytes([length, first, ...rest]);
}

/** The number in the first {@link LENGTH_BYTES} bytes. */
export function readLength(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES).getUint32(0, true);
}
