/**
 * What an aggregator says about itself to whoever asks: figures, never who took part.
 *
 * @module
 */
import * as v from "valibot";
import { MAX_CLIENTS } from "./party.ts";
import { type ModelInfo, modelInfoSchema } from "./round_info.ts";
import { hexDigestSchema, timeMsSchema, wholeSchema } from "./scalars.ts";

/** Where an aggregator's round stands. */
export type PhaseName =
  | "waiting"
  | "open"
  | "sealed"
  | "unmasking"
  | "published"
  | "forwarded"
  | "done"
  | "abandoned"
  | "finished";

/** Every {@link PhaseName}. */
export const PHASE_NAMES: readonly PhaseName[] = [
  "waiting",
  "open",
  "sealed",
  "unmasking",
  "published",
  "forwarded",
  "done",
  "abandoned",
  "finished",
];

/** An aggregator's figures for one task. */
export interface Status {
  /** Digest of the task. */
  readonly task: string;
  /** Whether it has a parent. */
  readonly role: "root" | "region";
  /** Where its round stands. */
  readonly phase: PhaseName;
  /** Number of the latest round; 0 before the first. */
  readonly round: number;
  /** The latest model; absent at a region that has seen no round. */
  readonly model?: ModelInfo;
  /** Members with clients to offer. */
  readonly members: number;
  /** Clients below, over all members. */
  readonly size: number;
  /** Updates in the round's sum. */
  readonly updates: number;
  /** Clients in the round's sum. */
  readonly clients: number;
  /** Bytes of updates taken in the round. */
  readonly bytesIn: number;
  /** When the round closes here; absent when none is open. */
  readonly deadlineMs?: number;
  /** This aggregator's clock. */
  readonly nowMs: number;
}

const count = (description: string) => wholeSchema(0, Number.MAX_SAFE_INTEGER, description);

/** Schema of {@link Status}. */
export const statusSchema: v.GenericSchema<Status> = v.pipe(
  v.strictObject({
    task: hexDigestSchema,
    role: v.picklist(["root", "region"]),
    phase: v.picklist(PHASE_NAMES),
    round: count("Number of the latest round; 0 before the first"),
    model: v.exactOptional(modelInfoSchema),
    members: count("Members with clients to offer"),
    size: count("Clients below, over all members"),
    updates: count("Updates in the round's sum"),
    clients: wholeSchema(0, MAX_CLIENTS, "Clients in the round's sum"),
    bytesIn: count("Bytes of updates taken in the round"),
    deadlineMs: v.exactOptional(timeMsSchema),
    nowMs: timeMsSchema,
  }),
  v.description("An aggregator's figures for one task"),
);
