/**
 * What an aggregator tells its children about its round: the answer to the long poll.
 *
 * @module
 */
import * as v from "valibot";
import { TributaryError } from "../core/errors.ts";
import { groupsOf, type MaskPlan } from "./mask_plan.ts";
import { type Share, shareSchema, thresholdSchema } from "./sampling.ts";
import {
  groupSchema,
  hexDigestSchema,
  roundNumberSchema,
  timeMsSchema,
  wholeSchema,
} from "./scalars.ts";

/** Which model a round starts from, or ended with. */
export interface ModelInfo {
  /** How many models were published before it: 0 for the initial one. */
  readonly version: number;
  /** SHA-256 of its safetensors bytes, hex. */
  readonly digest: string;
  /** Length of its safetensors bytes. */
  readonly bytes: number;
}

/** Longest model that travels: 1 GiB. */
const MAX_MODEL_BYTES = 1_073_741_824;

/** Schema of {@link ModelInfo}. */
export const modelInfoSchema: v.GenericSchema<ModelInfo> = v.pipe(
  v.strictObject({
    version: wholeSchema(0, 1e9, "Models published before this one"),
    digest: hexDigestSchema,
    bytes: wholeSchema(1, MAX_MODEL_BYTES, "Length of the safetensors bytes"),
  }),
  v.description("A published model"),
);

/** Why a task ended. */
export type FinishReason = "rounds" | "target" | "patience" | "minutes" | "privacy";

/** Schema of {@link FinishReason}. */
export const finishReasonSchema: v.GenericSchema<FinishReason> = v.picklist([
  "rounds",
  "target",
  "patience",
  "minutes",
  "privacy",
]);

/** A round that takes updates. */
export interface OpenRound {
  /** Tells the forms apart. */
  readonly kind: "open";
  /** Digest of the task. */
  readonly task: string;
  /** Number of the round. */
  readonly round: number;
  /** Session id: {@link sessionId} of the other fields; everything sent in this round is bound to it. */
  readonly sid: string;
  /** Root's roster when the round opened: Merkle root over its members, hex. */
  readonly roster: string;
  /** 32 random bytes of the root, hex, that make the sid fresh. */
  readonly beacon: string;
  /** The model to start from. */
  readonly model: ModelInfo;
  /** Clients of this aggregator are asked whose fraction is below; for Poisson the rate of all. */
  readonly threshold: number;
  /** What the member may send that asked; absent where nobody said who asks. */
  readonly share?: Share;
  /** In which group of the round that member's update is summed; absent where a round has none. */
  readonly group?: number;
  /** When this aggregator opened the round, on its clock. */
  readonly openedAtMs: number;
  /** When this aggregator closes the round, on its clock. */
  readonly deadlineMs: number;
  /** Its clock when it answered, so that a child can count without trusting its own. */
  readonly nowMs: number;
}

/** The end of the task. */
export interface FinishedTask {
  /** Tells the forms apart. */
  readonly kind: "finished";
  /** Digest of the task. */
  readonly task: string;
  /** Number of the last round; 0 when there was none. */
  readonly round: number;
  /** The final model. */
  readonly model: ModelInfo;
  /** Why it ended. */
  readonly reason: FinishReason;
}

/** The answer to the long poll. */
export type RoundInfo = OpenRound | FinishedTask;

/** Schema of {@link RoundInfo}. */
export const roundInfoSchema: v.GenericSchema<RoundInfo> = v.pipe(
  v.variant("kind", [
    v.strictObject({
      kind: v.literal("open"),
      task: hexDigestSchema,
      round: roundNumberSchema,
      sid: hexDigestSchema,
      roster: hexDigestSchema,
      beacon: hexDigestSchema,
      model: modelInfoSchema,
      threshold: thresholdSchema,
      share: v.exactOptional(shareSchema),
      group: v.exactOptional(groupSchema),
      openedAtMs: timeMsSchema,
      deadlineMs: timeMsSchema,
      nowMs: timeMsSchema,
    }),
    v.strictObject({
      kind: v.literal("finished"),
      task: hexDigestSchema,
      round: wholeSchema(0, Number.MAX_SAFE_INTEGER, "Number of the last round"),
      model: modelInfoSchema,
      reason: finishReasonSchema,
    }),
  ]),
  v.description("An open round, or the end of the task"),
);

/**
 * The group that an open round has put this member in; 0 where parcels are not masked.
 *
 * @throws {TributaryError} `group-unknown` if the task has no such group, or none was told where it has.
 */
export function groupOf(info: OpenRound, mask: MaskPlan): number {
  const most = groupsOf(mask);
  const { group } = info;
  const fits = most === 0 ? group === undefined : group !== undefined && group < most;
  if (fits) return group ?? 0;
  throw new TributaryError(
    "group-unknown",
    `Cannot take part in round ${info.round}: this member is in group ${group ?? "none"}, ` +
      (most === 0 ? "expected none, as nothing is masked" : `expected one below ${most}`),
  );
}
