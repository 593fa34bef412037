/**
 * What can happen to a round, and what is to be done about it: two closed unions.
 *
 * @module
 */
import type { AbandonReason, LogEvent, Spent } from "../wire/log.ts";
import type { LoggedGroup, SealedGroup } from "../wire/log_groups.ts";
import type { ModelInfo, RoundInfo } from "../wire/round_info.ts";
import type { SampleFacts, Share } from "../wire/sampling.ts";
import type { RosterCounts } from "./record.ts";

/** Whom an aggregator asks in a round that it opens. */
export interface Drawn {
  /** What it may gather. */
  readonly share: Share;
  /** What it has drawn. */
  readonly sample: SampleFacts;
  /** How many of its members that are. */
  readonly awaited: number;
}

/** An update that wants to be in the sum. */
export interface UpdateEvent {
  /** Tells the forms apart. */
  readonly kind: "update";
  /** The round it is for. */
  readonly round: number;
  /** The session id it is bound to. */
  readonly sid: string;
  /** Clients that it stands for. */
  readonly clients: number;
  /** Length of the parcel. */
  readonly bytes: number;
  /** Whether the round waited for its sender. */
  readonly awaited: boolean;
}

/** A member that has nothing to send. */
export interface AbstainEvent {
  /** Tells the forms apart. */
  readonly kind: "abstain";
  /** The round it is for. */
  readonly round: number;
  /** The session id it is bound to. */
  readonly sid: string;
  /** Whether the round waited for it. */
  readonly awaited: boolean;
}

/** What of a masked round is in its model. */
export interface OpenedGroups {
  /** All of them, in order. */
  readonly groups: readonly LoggedGroup[];
  /** `groupsDigest` of the sums of those that were opened, hex. */
  readonly sum: string;
  /** `groupsDigest` of the Merkle roots of those that were opened, hex. */
  readonly members: string;
}

/** What can happen. */
export type RoundEvent =
  /**
   * Members joined, left or changed their size; the counts are of the roster as it is now. `joined`:
   * clients that have come to the open round.
   */
  | { readonly kind: "roster"; readonly joined?: number } & RosterCounts
  /** Root: the answer to the effect `open`. */
  | {
    readonly kind: "open";
    readonly round: number;
    readonly sid: string;
    readonly roster: string;
    readonly beacon: string;
    readonly drawn: Drawn;
  }
  /** Region: the parent answered the long poll. A round without `drawn` asks nobody below. */
  | { readonly kind: "parent"; readonly info: RoundInfo; readonly drawn?: Drawn }
  /** An update was read and checked. */
  | UpdateEvent
  /** A member said that it has none. */
  | AbstainEvent
  /** Time went by. */
  | { readonly kind: "tick" }
  /** Root: the answer to the effect `unmask`. `sum`: tree digest; `members`: Merkle root. */
  | {
    readonly kind: "unmask";
    readonly round: number;
    readonly sum: string;
    readonly members: string;
    /** Masked: the groups; `sum` and `members` are then `groupsDigest` of theirs. */
    readonly groups?: readonly SealedGroup[];
  }
  /** Root: the answer to the effect `publish`. The model is durable in the same write. */
  | {
    readonly kind: "publish";
    readonly round: number;
    readonly model: ModelInfo;
    readonly metrics: Readonly<Record<string, number>>;
    /** Masked: what of the round is in the model; else all of it is. */
    readonly opened?: OpenedGroups;
    /** Of a private task. */
    readonly spent?: Spent;
  }
  /** Region: the answer to the effect `forward`, when the parent gave its receipt. */
  | {
    readonly kind: "forward";
    readonly round: number;
    readonly sum: string;
    readonly members: string;
  }
  /** The effect `unmask`, `publish` or `forward` cannot succeed, or `abstain` is done. */
  | {
    readonly kind: "fail";
    readonly round: number;
    readonly reason: FailReason;
    /** Masked: what became of each group, where it came to that. */
    readonly groups?: readonly LoggedGroup[];
    /** Of a private task, where the sum was opened. */
    readonly spent?: Spent;
  };

/** Why what a round waits for cannot succeed. */
export type FailReason = Extract<
  AbandonReason,
  "sum-refused" | "too-few-opened" | "parent-refused" | "nothing-to-send"
>;

/** What belongs in the same write as the new record. */
export type StoredEffect =
  /** An entry for the round log. */
  | { readonly kind: "log"; readonly event: LogEvent }
  /** The round's sum is not needed any more. */
  | { readonly kind: "drop"; readonly round: number };

/** What is done once the write is durable; all of it may be done twice. */
export type ActiveEffect =
  /** Answer the long polls that wait. */
  | { readonly kind: "wake" }
  /** Root: draw a beacon for this round and answer with `open`. */
  | { readonly kind: "open"; readonly round: number }
  /** Region: have this model at hand for the children. */
  | { readonly kind: "fetch"; readonly model: ModelInfo }
  /** Root: read the sealed sum and answer with `unmask` or `fail`. */
  | { readonly kind: "unmask"; readonly round: number }
  /** Root: open that very sum, step the strategy, and answer with `publish` or `fail`. */
  | { readonly kind: "publish"; readonly round: number; readonly sum: string }
  /** Region: send the sealed sum to the parent, and answer with `forward` or `fail`. */
  | {
    readonly kind: "forward";
    readonly round: number;
    readonly sid: string;
    readonly clients: number;
  }
  /** Region: tell the parent that nothing will come, and answer with `fail`. */
  | { readonly kind: "abstain"; readonly round: number; readonly sid: string }
  /** Region: tell the parent how many clients there are below. */
  | { readonly kind: "report"; readonly clients: number };

/** What is to be done. */
export type RoundEffect = StoredEffect | ActiveEffect;

/** Whether an effect belongs in the record's own write. */
export function isStored(effect: RoundEffect): effect is StoredEffect {
  return effect.kind === "log" || effect.kind === "drop";
}
