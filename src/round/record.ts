/**
 * What an aggregator remembers of its round: plain JSON, stored whole under a version.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import type { AbandonReason } from "../wire/log.ts";
import type { SealedGroup } from "../wire/log_groups.ts";
import type { MaskPlan } from "../wire/mask_plan.ts";
import type { FinishReason, ModelInfo } from "../wire/round_info.ts";
import type { SampleFacts, Sampling, Share } from "../wire/sampling.ts";
import type { StopRules, Task } from "../wire/task.ts";
import type { StopProgress } from "./stop.ts";

/** The part of a task that decides over rounds. */
export interface RoundRules {
  /** Fewest clients that a round opens with and publishes from. */
  readonly min: number;
  /** Most clients in a round. */
  readonly max: number;
  /** How clients are sampled. */
  readonly sampling: Sampling;
  /** Milliseconds from opening to deadline, at the root. */
  readonly roundMs: number;
  /** How parcels are masked. */
  readonly mask: MaskPlan["kind"];
  /** When the task ends. */
  readonly stop: StopRules;
}

/** Part of a round's time in which parcels come, where clients have more to say after they are sealed. */
const PHASED_PART = 3 / 4;

/** The rules of a task. */
export function rulesOf(
  task: Pick<Task, "clients" | "sampling" | "roundMs" | "mask" | "stop">,
): RoundRules {
  const { clients, sampling, mask, stop } = task;
  const roundMs = mask.kind === "secagg_plus"
    ? Math.ceil(task.roundMs * PHASED_PART)
    : task.roundMs;
  return { min: clients.min, max: clients.max, sampling, roundMs, mask: mask.kind, stop };
}

/** The members there are now, counted. Only those with clients to offer count. */
export interface RosterCounts {
  /** Members of a size above 0. */
  readonly members: number;
  /** Sum of their sizes. */
  readonly clients: number;
  /** How many of them the open round waits for: asked, and neither heard of nor gone. */
  readonly awaited: number;
}

/** One round's own facts. */
export interface RoundFacts {
  /** Number of the round. */
  readonly round: number;
  /** Session id, hex. */
  readonly sid: string;
  /** Merkle root of the root's roster, hex. */
  readonly roster: string;
  /** 32 random bytes of the root, hex. */
  readonly beacon: string;
  /** The model that the round starts from. */
  readonly base: ModelInfo;
  /** When it opened here. */
  readonly openedAtMs: number;
  /** When it closes here. */
  readonly deadlineMs: number;
  /** When it closes at the parent, on this clock; the same as `deadlineMs` at the root. */
  readonly parentDeadlineMs: number;
  /** Region of a masked task: the group that its sum belongs to. */
  readonly group?: number;
  /** What this aggregator may gather: at a region, what its parent lets it send. */
  readonly share: Share;
  /** Whom of its members it asks. */
  readonly sample: SampleFacts;
  /** Members that said they have nothing to send. */
  readonly abstained: number;
  /** Updates in the sum. */
  readonly updates: number;
  /** Clients in the sum. */
  readonly clients: number;
  /** Bytes of updates taken. */
  readonly bytesIn: number;
}

/** Where the round stands; see {@link step}. */
export type Phase =
  | { readonly kind: "waiting" }
  | { readonly kind: "open"; readonly facts: RoundFacts }
  | { readonly kind: "sealed"; readonly facts: RoundFacts }
  | {
    readonly kind: "unmasking";
    readonly facts: RoundFacts;
    /** Tree digest of the sum that is opened, hex; of a masked round that of all groups' sums. */
    readonly sum: string;
    /** Merkle root of the updates in it, hex; of a masked round that of all groups'. */
    readonly members: string;
    /** Masked: the groups that there is a sum of, in order. */
    readonly groups?: readonly SealedGroup[];
  }
  | { readonly kind: "published"; readonly facts: RoundFacts }
  | { readonly kind: "forwarded"; readonly facts: RoundFacts }
  | { readonly kind: "done"; readonly facts: RoundFacts }
  | { readonly kind: "abandoned"; readonly facts: RoundFacts; readonly reason: AbandonReason }
  | { readonly kind: "finished"; readonly reason: FinishReason };

/** All that an aggregator's rounds depend on. */
export interface RoundRecord {
  /** Version of this form. */
  readonly format: 4;
  /** Whether it has a parent. */
  readonly role: "root" | "region";
  /** Digest of the task. */
  readonly task: string;
  /** The task's rules. */
  readonly rules: RoundRules;
  /** The latest model; a region knows none before its first round. */
  readonly model?: ModelInfo;
  /** Number of the latest round; 0 before the first. */
  readonly round: number;
  /** The members there are now. */
  readonly roster: RosterCounts;
  /** What the stop rules need to know. */
  readonly progress: StopProgress;
  /** Where the round stands. */
  readonly phase: Phase;
}

/**
 * The record that a store read back. One of format 3 differs in what an aggregator keeps around it
 * alone, and is taken up as it is.
 *
 * @throws {TributaryError} `store-failed` when a version of this library wrote it that is newer, or too
 * old.
 */
export function readRecord(stored: unknown): RoundRecord {
  const record = stored as Omit<Partial<RoundRecord>, "format"> & { format?: unknown } | null;
  if (typeof record !== "object" || (record?.format !== 3 && record?.format !== 4)) {
    throw new TributaryError(
      "store-failed",
      `Cannot read a stored round: its format is ${String(record?.format)}, expected 3 or 4`,
    );
  }
  return { ...record as RoundRecord, format: 4 };
}
