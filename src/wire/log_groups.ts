/**
 * The groups of a masked round, as its root's log tells them.
 *
 * @module
 */
import * as v from "valibot";
import { concatBytes, fromHex, toHex } from "../core/bytes.ts";
import { type Digest, webDigest } from "../core/digest.ts";
import { ERROR_CODES, type ErrorCode } from "../core/errors.ts";
import { MAX_CLIENTS } from "./party.ts";
import { groupSchema, hexDigestSchema, MAX_GROUPS, wholeSchema } from "./scalars.ts";

/** What became of the sum of a group. */
export type GroupOutcome =
  /** It is part of the model. */
  | "opened"
  /** It holds fewer clients than the task opens a sum for. */
  | "too-few-clients"
  /** It could not be opened. */
  | ErrorCode;

/** The sum of a group, as its root sealed it. */
export interface SealedGroup {
  /** Its number. */
  readonly group: number;
  /** Updates in it. */
  readonly updates: number;
  /** Clients in it. */
  readonly clients: number;
  /** Merkle root of the updates in it, hex. */
  readonly members: string;
  /** Its tree digest, hex. */
  readonly sum: string;
}

/** A group of a masked round, as the log tells it. */
export interface LoggedGroup extends SealedGroup {
  /** What became of it. */
  readonly outcome: GroupOutcome;
}

/** Outcomes of groups whose sum nobody can have learned from what the root was given. */
const NOT_OPENED: ReadonlySet<GroupOutcome> = new Set(["too-few-clients", "shares-missing"]);

/**
 * Whether a round's sum was opened, or may have been: one of a group at least. A sum that was opened and
 * then refused is spent.
 *
 * @param groups Those of a masked round, where it came to that.
 */
export function isOpened(groups: readonly LoggedGroup[] | undefined): boolean {
  return groups === undefined || groups.some(({ outcome }) => !NOT_OPENED.has(outcome));
}

/** Schema of {@link LoggedGroup}. */
const loggedGroupSchema: v.GenericSchema<LoggedGroup> = v.pipe(
  v.strictObject({
    group: groupSchema,
    updates: wholeSchema(1, MAX_CLIENTS, "Updates in the sum"),
    clients: wholeSchema(1, MAX_CLIENTS, "Clients in the sum"),
    members: hexDigestSchema,
    sum: hexDigestSchema,
    outcome: v.picklist(["opened", "too-few-clients", ...ERROR_CODES]),
  }),
  v.description("A group of a masked round, and what became of its sum"),
);

/** Schema of the groups of an event. */
export const groupsSchema: v.ExactOptionalSchema<
  v.GenericSchema<readonly LoggedGroup[]>,
  undefined
> = v.exactOptional(
  v.pipe(v.array(loggedGroupSchema), v.maxLength(MAX_GROUPS)),
);

/**
 * One digest for those of several groups, hex: SHA-256 over them, in order. The log's `sum` and
 * `members` of a masked round are this of the groups that are in the model.
 */
export async function groupsDigest(
  digests: readonly string[],
  digest: Digest = webDigest,
): Promise<string> {
  return toHex(await digest(concatBytes(digests.map(fromHex))));
}
