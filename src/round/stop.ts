/**
 * When a task has had enough: rounds, target, patience, minutes. Pure.
 *
 * @module
 */
import type { FinishReason } from "../wire/round_info.ts";
import type { StopRules } from "../wire/task.ts";

/** What the stop rules need to know of the past; it does not grow. */
export interface StopProgress {
  /** When the first round opened; absent before. */
  readonly startedAtMs?: number;
  /** Best mean of the patience metric, and the model that was published with it. */
  readonly best?: { readonly value: number; readonly version: number };
  /** Rounds of a private task whose sum was opened; absent before the first. */
  readonly sums?: number;
}

/** A model and the means that were measured in its round, which are those of the model before it. */
export interface Publication {
  /** Version of the model. */
  readonly version: number;
  /** Means by name; a metric that nobody measured is absent. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** The progress after a publication. Only a strictly higher mean counts as better. */
export function advance(
  progress: StopProgress,
  stop: StopRules,
  publication: Publication,
): StopProgress {
  const value = stop.patience === undefined ? undefined : publication.metrics[stop.patience.metric];
  const { best } = progress;
  if (value === undefined || (best !== undefined && value <= best.value)) return progress;
  return { ...progress, best: { value, version: publication.version } };
}

/**
 * Why the task ends with this publication, if it does.
 *
 * @param progress As {@link advance} gave it for the same publication.
 */
export function stopReason(
  stop: StopRules,
  progress: StopProgress,
  publication: Publication,
): Exclude<FinishReason, "minutes" | "privacy"> | undefined {
  const { target, patience, rounds } = stop;
  if (target !== undefined) {
    const value = publication.metrics[target.metric];
    if (value !== undefined && value >= target.value) return "target";
  }
  if (publication.version >= rounds) return "rounds";
  if (
    patience !== undefined && progress.best !== undefined &&
    publication.version - progress.best.version >= patience.rounds
  ) {
    return "patience";
  }
  return undefined;
}

/** When the minutes run out; undefined without such a rule or before the first round. */
export function timeLimitMs(stop: StopRules, progress: StopProgress): number | undefined {
  if (stop.minutes === undefined || progress.startedAtMs === undefined) return undefined;
  return progress.startedAtMs + stop.minutes * 60_000;
}
