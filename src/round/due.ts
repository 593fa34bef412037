/**
 * What a record waits for: the effects that are under way in it, and the time of its next tick.
 *
 * @module
 */
import type { ActiveEffect } from "./event.ts";
import type { RoundFacts, RoundRecord } from "./record.ts";
import { timeLimitMs } from "./stop.ts";

/**
 * What is under way in this record: to be done after a crash, or whenever it may not have been done.
 * Doing it twice does no harm, as the second answer changes nothing.
 */
export function resume(record: RoundRecord): readonly ActiveEffect[] {
  const { phase } = record;
  const report: readonly ActiveEffect[] = record.role === "region"
    ? [{ kind: "report", clients: record.roster.clients }]
    : [];
  const model: readonly ActiveEffect[] = record.role === "region" && record.model !== undefined
    ? [{ kind: "fetch", model: record.model }]
    : [];
  switch (phase.kind) {
    case "waiting":
    case "published":
    case "abandoned":
    case "forwarded":
    case "done":
      return [...report, ...nextRound(record)];
    case "open":
      return [...report, ...model];
    case "finished":
      return model;
    case "sealed":
      return [...report, toClose(record, phase.facts)];
    case "unmasking":
      return [{ kind: "publish", round: phase.facts.round, sum: phase.sum }];
    default:
      throw phase satisfies never;
  }
}

/** When the next `tick` is due; undefined when no time matters. */
export function alarmAtMs(record: RoundRecord): number | undefined {
  const { phase, role, rules, progress } = record;
  switch (phase.kind) {
    case "open":
      return phase.facts.deadlineMs;
    case "forwarded":
      return phase.facts.parentDeadlineMs;
    case "waiting":
    case "published":
    case "abandoned":
      return role === "root" ? timeLimitMs(rules.stop, progress) : undefined;
    case "sealed":
    case "unmasking":
    case "done":
    case "finished":
      return undefined;
    default:
      throw phase satisfies never;
  }
}

/** Root between rounds: the next one, when there are clients enough. */
export function nextRound(record: RoundRecord): readonly ActiveEffect[] {
  return record.role === "root" && betweenRounds(record) && hasQuorum(record)
    ? [{ kind: "open", round: record.round + 1 }]
    : [];
}

/** Whether a root's next round may open. */
export function betweenRounds({ phase }: RoundRecord): boolean {
  return phase.kind === "waiting" || phase.kind === "published" || phase.kind === "abandoned";
}

/** Whether there are clients enough to open a round. */
export function hasQuorum({ roster, rules }: RoundRecord): boolean {
  return roster.clients >= rules.min;
}

/** What a sealed round waits for. */
export function toClose(record: RoundRecord, facts: RoundFacts): ActiveEffect {
  const { round, sid, clients } = facts;
  if (record.role === "root") return { kind: "unmask", round };
  return clients === 0 ? { kind: "abstain", round, sid } : { kind: "forward", round, sid, clients };
}
