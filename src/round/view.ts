/**
 * A record as others see it: the answer to the long poll, and the figures.
 *
 * @module
 */
import type { RoundInfo } from "../wire/round_info.ts";
import type { Status } from "../wire/status.ts";
import type { RoundRecord } from "./record.ts";

/** Answer to the long poll for a round above `after`; undefined while there is none. */
export function roundInfo(
  record: RoundRecord,
  after: number,
  nowMs: number,
): RoundInfo | undefined {
  const { phase, task, round, model } = record;
  if (phase.kind === "finished") {
    return model === undefined
      ? undefined
      : { kind: "finished", task, round, model, reason: phase.reason };
  }
  if (phase.kind !== "open" || round <= after || nowMs >= phase.facts.deadlineMs) return undefined;
  const { sid, roster, beacon, base, sample, openedAtMs, deadlineMs } = phase.facts;
  return {
    kind: "open",
    task,
    round,
    sid,
    roster,
    beacon,
    model: base,
    threshold: sample.threshold,
    openedAtMs,
    deadlineMs,
    nowMs,
  };
}

/** The figures of a record. */
export function statusOf(record: RoundRecord, nowMs: number): Status {
  const { task, role, phase, round, model, roster } = record;
  const facts = "facts" in phase ? phase.facts : undefined;
  return {
    task,
    role,
    phase: phase.kind,
    round,
    ...(model === undefined ? {} : { model }),
    members: roster.members,
    size: roster.clients,
    updates: facts?.updates ?? 0,
    clients: facts?.clients ?? 0,
    bytesIn: facts?.bytesIn ?? 0,
    ...(phase.kind === "open" ? { deadlineMs: phase.facts.deadlineMs } : {}),
    nowMs,
  };
}
