/**
 * What the tests of this folder share: records in every phase, reached by the events that lead there.
 *
 * @module
 */
import type { ModelInfo, OpenRound } from "../wire/round_info.ts";
import type { Drawn, RoundEvent } from "./event.ts";
import type { RoundRecord, RoundRules } from "./record.ts";
import { beginRegion, beginRoot } from "./begin.ts";
import { step } from "./step.ts";

/** A digest that is all the same byte. */
export function hex32(byte: number): string {
  return byte.toString(16).padStart(2, "0").repeat(32);
}

/** A model of this version. */
export function modelOf(version: number): ModelInfo {
  return { version, digest: hex32(0x80 + version), bytes: 100 };
}

/** Digest of the task. */
export const TASK: string = hex32(0xaa);
/** Rounds of a minute with 2 to 10 clients, three models in all. */
export const RULES: RoundRules = {
  min: 2,
  max: 10,
  sampling: { kind: "all" },
  roundMs: 60_000,
  mask: "none",
  stop: { rounds: 3 },
};
/** What is drawn where all of three clients are asked. */
export const DRAWN: Drawn = {
  share: { clients: 10, enough: 10 },
  sample: { threshold: 1, asked: 3, enough: 10 },
  awaited: 3,
};
/** Session id of a round. */
export const sidOf = (round: number): string => hex32(round);

/** The root's answer to the effect `open`. */
export function openEvent(round: number, drawn: Drawn = DRAWN): RoundEvent {
  return { kind: "open", round, sid: sidOf(round), roster: hex32(1), beacon: hex32(2), drawn };
}

/** What a region's parent says of an open round: half a minute is left. */
export function parentRound(round: number, version: number): OpenRound {
  return {
    kind: "open",
    task: TASK,
    round,
    sid: sidOf(round),
    roster: hex32(1),
    beacon: hex32(2),
    model: modelOf(version),
    threshold: 1,
    openedAtMs: 0,
    deadlineMs: 32_000,
    nowMs: 0,
  };
}

/** Word of the parent's open round, whom of three clients the region has drawn for it. */
export function parentEvent(round: number, version: number, drawn: Drawn = DRAWN): RoundEvent {
  return { kind: "parent", info: parentRound(round, version), drawn };
}

/** An update of one client. */
export function updateEvent(round: number, clients: number = 1): RoundEvent {
  return { kind: "update", round, sid: sidOf(round), clients, bytes: 100, awaited: true };
}

/** A member that has nothing to send. */
export function abstainEvent(round: number): RoundEvent {
  return { kind: "abstain", round, sid: sidOf(round), awaited: true };
}

/** Three members with one client each. */
export const ROSTER: RoundEvent = { kind: "roster", members: 3, clients: 3, awaited: 0 };

/** The record after some events, all at one time. */
export function after(
  record: RoundRecord,
  events: readonly RoundEvent[],
  nowMs: number = 0,
): RoundRecord {
  return events.reduce((before, event) => step(before, event, nowMs).record, record);
}

/** A root before its first round, without members. */
export const ROOT: RoundRecord = beginRoot({ task: TASK, rules: RULES, model: modelOf(0) }).record;
/** A region before its first round, without members. */
export const REGION: RoundRecord =
  beginRegion({ task: TASK, rules: RULES, parent: "parent" }).record;

const updates = [updateEvent(1), updateEvent(1), updateEvent(1)];
const unmask: RoundEvent = { kind: "unmask", round: 1, sum: hex32(3), members: hex32(4) };
const metrics = { "hr@10": 0.5 };
const finished: RoundEvent = {
  kind: "parent",
  info: { kind: "finished", task: TASK, round: 1, model: modelOf(1), reason: "rounds" },
};

const rootOpen = after(ROOT, [ROSTER, openEvent(1)]);
const rootSealed = after(rootOpen, updates);
const rootUnmasking = after(rootSealed, [unmask]);
const publish: RoundEvent = { kind: "publish", round: 1, model: modelOf(1), metrics };
const regionOpen = after(REGION, [ROSTER, parentEvent(1, 0)]);
const regionSealed = after(regionOpen, updates);
const regionForwarded = after(regionSealed, [
  { kind: "forward", round: 1, sum: hex32(3), members: hex32(4) },
]);

/** A root in each of its phases, in round 1. */
export const ROOTS: Readonly<Record<string, RoundRecord>> = {
  waiting: ROOT,
  open: rootOpen,
  sealed: rootSealed,
  unmasking: rootUnmasking,
  published: after(rootUnmasking, [publish]),
  abandoned: after(rootSealed, [{ kind: "fail", round: 1, reason: "sum-refused" }]),
  finished: after({ ...rootUnmasking, rules: { ...RULES, stop: { rounds: 1 } } }, [publish]),
};

/** A region in each of its phases, in round 1. */
export const REGIONS: Readonly<Record<string, RoundRecord>> = {
  waiting: REGION,
  open: regionOpen,
  sealed: regionSealed,
  forwarded: regionForwarded,
  done: after(regionForwarded, [{ kind: "tick" }], 32_000),
  abandoned: after(regionSealed, [{ kind: "fail", round: 1, reason: "parent-refused" }]),
  finished: after(regionForwarded, [finished]),
};
