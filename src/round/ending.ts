/**
 * How a round ends without a model, and how a task ends.
 *
 * @module
 */
import type { AbandonReason, LoggedRound, LoggedSpend, Spent } from "../wire/log.ts";
import type { FinishReason } from "../wire/round_info.ts";
import { betweenRounds, nextRound } from "./due.ts";
import type { RoundEffect, RoundEvent } from "./event.ts";
import type { RoundFacts, RoundRecord } from "./record.ts";
import { timeLimitMs } from "./stop.ts";
import type { Step } from "./step.ts";

/** What is told of a round that came as far as its sum. */
export type Failure = Pick<Extract<RoundEvent, { kind: "fail" }>, "groups" | "spent">;

/** Ends a round without a model; the next one opens when it can. */
export function abandon(
  record: RoundRecord,
  facts: RoundFacts,
  reason: AbandonReason,
  failure: Failure = {},
): Step {
  const { spent } = failure;
  const next: RoundRecord = {
    ...record,
    ...(spent && { progress: { ...record.progress, sums: spent.sums } }),
    phase: { kind: "abandoned", facts, reason },
  };
  const done = givenUp(facts, reason, failure);
  if (spent?.isOver) {
    const end = finish(next, "privacy");
    return { record: end.record, effects: [...done, ...end.effects] };
  }
  return { record: next, effects: [...done, ...nextRound(next)] };
}

/** What is told of a round that ends without a model, and dropped with it. */
export function givenUp(
  facts: RoundFacts,
  reason: AbandonReason,
  { groups, spent }: Failure = {},
): readonly RoundEffect[] {
  return [
    {
      kind: "log",
      event: {
        ...{ kind: "abandoned", ...logged(facts), reason },
        ...(groups && { groups }),
        ...loggedSpend(spent),
      },
    },
    { kind: "drop", round: facts.round },
  ];
}

/** Root between rounds: whether the task's minutes are over, so that no other round opens. */
export function isOutOfTime(record: RoundRecord, nowMs: number): boolean {
  const limitMs = timeLimitMs(record.rules.stop, record.progress);
  return record.role === "root" && betweenRounds(record) && limitMs !== undefined &&
    nowMs >= limitMs;
}

/** Ends the task; before its first model it cannot end. */
export function finish(record: RoundRecord, reason: FinishReason): Step {
  const { model, round, role } = record;
  if (model === undefined) return { record, effects: [] };
  const finished: RoundRecord = { ...record, phase: { kind: "finished", reason } };
  const effects: readonly RoundEffect[] = [
    { kind: "log", event: { kind: "finished", round, model, reason } },
    { kind: "wake" },
  ];
  return {
    record: finished,
    effects: role === "region" ? [...effects, { kind: "fetch", model }] : effects,
  };
}

/** What the log says of the budget, where the task has one. */
export function loggedSpend(spent: Spent | undefined): { readonly spent?: LoggedSpend } {
  return spent === undefined ? {} : { spent: { sums: spent.sums, epsilon: spent.epsilon } };
}

/** What the log says of every round. */
export function logged(facts: RoundFacts): LoggedRound {
  const { round, sid, roster, beacon, base, sample, abstained, updates, clients } = facts;
  return { round, sid, roster, beacon, base, sample, abstained, updates, clients };
}
