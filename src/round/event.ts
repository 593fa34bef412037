/**
 * What can happen to a round, and what is to be done about it: two closed unions.
 *
 * @module
 */
import type { AbandonReason, LogEvent } from "../wire/log.ts";
import type { ModelInfo, RoundInfo } from "../wire/round_info.ts";
import type { RosterCounts } from "./record.ts";

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
  /** Whether its sender counts among the roster's members, so that the round waited for it. */
  readonly awaited: boolean;
}

/** What can happen. */
export type RoundEvent =
  /** Members joined, left or changed their size; the counts are of the roster as it is now. */
  | { readonly kind: "roster" } & RosterCounts
  /** Root: the answer to the effect `open`. */
  | {
    readonly kind: "open";
    readonly round: number;
    readonly sid: string;
    readonly roster: string;
    readonly beacon: string;
  }
  /** Region: the parent answered the long poll. */
  | { readonly kind: "parent"; readonly info: RoundInfo }
  /** An update was read and checked. */
  | UpdateEvent
  /** Time went by. */
  | { readonly kind: "tick" }
  /** Root: the answer to the effect `unmask`. `sum`: tree digest; `members`: Merkle root. */
  | {
    readonly kind: "unmask";
    readonly round: number;
    readonly sum: string;
    readonly members: string;
  }
  /** Root: the answer to the effect `publish`. The model is durable in the same write. */
  | {
    readonly kind: "publish";
    readonly round: number;
    readonly model: ModelInfo;
    readonly metrics: Readonly<Record<string, number>>;
  }
  /** Region: the answer to the effect `forward`, when the parent gave its receipt. */
  | {
    readonly kind: "forward";
    readonly round: number;
    readonly sum: string;
    readonly members: string;
  }
  /** The effect `unmask`, `publish` or `forward` cannot succeed. */
  | {
    readonly kind: "fail";
    readonly round: number;
    readonly reason: Extract<AbandonReason, "sum-refused" | "parent-refused">;
  };

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
  /** Region: tell the parent how many clients there are below. */
  | { readonly kind: "report"; readonly clients: number };

/** What is to be done. */
export type RoundEffect = StoredEffect | ActiveEffect;

/** Whether an effect belongs in the record's own write. */
export function isStored(effect: RoundEffect): effect is StoredEffect {
  return effect.kind === "log" || effect.kind === "drop";
}
