/**
 * What the parcels of a task look like to an aggregator: all that it knows of models and masking.
 *
 * @module
 */
import { envelopeBytes } from "../../src/mask/envelope.ts";
import type { Mask } from "../../src/mask/mask.ts";
import { maskOf } from "../../src/mask/registry.ts";
import { gridLimit, parcelsOf } from "../../src/update/plan.ts";
import { BUNDLE_BYTES, type EvidenceLayout, submissionBytes } from "../../src/wire/evidence.ts";
import { groupsOf } from "../../src/wire/mask_plan.ts";
import { type Task, updatePlan } from "../../src/wire/task.ts";

/** How large a task's parcels are. */
export interface ParcelShape {
  /** Values in every parcel. */
  readonly values: number;
  /** Length of every parcel, and of every sum. */
  readonly parcelBytes: number;
  /** Length of every slice but the last. */
  readonly sliceBytes: number;
}

/** The parcels of a task. */
export interface TaskForm extends ParcelShape {
  /** The task's scheme, of which an aggregator uses the ring; its root also opens sums by it. */
  readonly mask: Mask;
  /** Largest word that one client's parcel may hold; undefined where masking hides words. */
  readonly largest: number | undefined;
  /** What follows a masked parcel; undefined where parcels are not masked. */
  readonly evidence: EvidenceLayout | undefined;
  /** Most sums of a round, at least 1. */
  readonly groups: number;
}

/**
 * The form of a task.
 *
 * @throws {TributaryError} `task-refused` if its sums do not fit, masked or not.
 */
export function formOf(task: Task): TaskForm {
  const plan = updatePlan(task);
  const parcels = parcelsOf(plan);
  const mask = maskOf(task.mask, parcels);
  const isMasked = task.mask.kind !== "none";
  const { helping } = mask;
  const envelopes = helping?.keys.map((_, at) => envelopeBytes(helping.shareBytes(at + 1))) ?? [];
  return {
    mask,
    values: parcels.values,
    parcelBytes: mask.parcelBytes,
    sliceBytes: mask.ring.sliceBytes,
    largest: isMasked ? undefined : 2 * gridLimit(plan),
    evidence: isMasked ? { envelopes } : undefined,
    groups: Math.max(1, groupsOf(task.mask)),
  };
}

/** Most levels of regions between a client and the member that sends its evidence. */
const MOST_LEVELS = 16;

/** Longest evidence of a member that sends for so many clients. */
export function mostEvidence(layout: EvidenceLayout, clients: number): number {
  return clients * (submissionBytes(layout) + MOST_LEVELS * BUNDLE_BYTES);
}
