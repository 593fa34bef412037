/**
 * The round as a pure state machine: a stored record and an event give the next record and what is to
 * be done. Root and region are one machine, told apart by the record's role.
 *
 * ```
 *            open                all heard of, enough         the sum is read
 *            (quorum, or the     or deadline                  (root)
 *  waiting ─ parent's round) ─→ open ──────→ sealed ─────────────────────→ unmasking
 *     ↑                          │             │ the parent took it           │
 *     │                          │             ↓ (region)                     │ the strategy stepped
 *     │                          │         forwarded                          ↓
 *     │                          │             │ the parent's deadline    published
 *     │                          │             ↓                              │
 *     │                          │           done                             │
 *     │                          ↓             │                              │
 *     │                      abandoned         │                              │
 *     └──────── next round ──────┴─────────────┴──────────────────────────────┤
 *                                                        a stop rule holds    ↓
 *                                                                         finished
 * ```
 *
 * `abandoned` is reached from open, sealed and unmasking: too few clients, a sum that cannot be
 * opened, a parent that refuses or has gone on. The model then stays and the next round has a new sid.
 *
 * @module
 */
import { checkOpen, checkUpdate } from "./admission.ts";
import { regionDeadlines } from "./deadline.ts";
import { betweenRounds, hasQuorum, nextRound, toClose } from "./due.ts";
import { abandon, finish, givenUp, isOutOfTime, logged, loggedSpend } from "./ending.ts";
import type {
  AbstainEvent,
  ActiveEffect,
  Drawn,
  RoundEffect,
  RoundEvent,
  UpdateEvent,
} from "./event.ts";
import { openedCounts } from "./groups.ts";
import type { RoundFacts, RoundRecord } from "./record.ts";
import { advance, stopReason } from "./stop.ts";

/** The next record, and what is to be done. */
export interface Step {
  /** The very record that went in, when the event changes nothing. */
  readonly record: RoundRecord;
  /** In order; those of {@link isStored} belong in the record's own write. */
  readonly effects: readonly RoundEffect[];
}

/**
 * The record after an event, and what is to be done. The same three arguments give the same result.
 *
 * An event that does not fit the phase, such as the second answer to an effect that was done twice, or
 * one about another round, changes nothing.
 *
 * @param nowMs The time, in milliseconds since the Unix epoch.
 * @throws {TributaryError} For an update or an abstention that is refused, as {@link checkUpdate}.
 * @throws {RangeError} If a model is published that is not the next version.
 *
 * @example Two clients are enough, so the root asks for its first round
 * ```ts
 * import { beginRoot } from "./begin.ts";
 * import { step } from "./step.ts";
 *
 * const [sampling, stop] = [{ kind: "all" }, { rounds: 3 }] as const;
 * const rules = { min: 2, max: 10, sampling, mask: "none", roundMs: 60_000, stop } as const;
 * const model = { version: 0, digest: "00".repeat(32), bytes: 100 };
 * const { record } = beginRoot({ task: "11".repeat(32), rules, model });
 * const next = step(record, { kind: "roster", members: 2, clients: 2, awaited: 0 }, Date.now());
 * if (next.effects[0]?.kind !== "open") throw new Error("no round");
 * ```
 */
export function step(record: RoundRecord, event: RoundEvent, nowMs: number): Step {
  switch (event.kind) {
    case "roster":
      return withRoster(record, event);
    case "open":
      return opened(record, event, nowMs);
    case "parent":
      return record.role === "region" ? followed(record, event, nowMs) : unchanged(record);
    case "update":
      return updated(record, event, nowMs);
    case "abstain":
      return abstained(record, event, nowMs);
    case "tick":
      return ticked(record, nowMs);
    case "unmask":
      return unmasked(record, event);
    case "publish":
      return published(record, event);
    case "forward":
      return forwarded(record, event);
    case "fail":
      return failed(record, event);
    default:
      throw event satisfies never;
  }
}

function unchanged(record: RoundRecord): Step {
  return { record, effects: [] };
}

function withRoster(record: RoundRecord, event: Extract<RoundEvent, { kind: "roster" }>): Step {
  const { members, clients, awaited, joined = 0 } = event;
  const before = record.roster;
  if (
    members === before.members && clients === before.clients && awaited === before.awaited &&
    joined === 0
  ) {
    return unchanged(record);
  }
  const next = withJoined({ ...record, roster: { members, clients, awaited } }, joined);
  const tells = record.role === "region" && clients !== before.clients &&
    record.phase.kind !== "finished";
  const report: readonly ActiveEffect[] = tells ? [{ kind: "report", clients }] : [];
  const { record: after, effects } = sealIfComplete(next);
  return { record: after, effects: [...effects, ...report, ...nextRound(after)] };
}

/** The round with those that have come to it. */
function withJoined(record: RoundRecord, joined: number): RoundRecord {
  const { phase } = record;
  if (phase.kind !== "open" || joined === 0) return record;
  const { facts } = phase;
  const sample = { ...facts.sample, asked: facts.sample.asked + joined };
  return { ...record, phase: { kind: "open", facts: { ...facts, sample } } };
}

function opened(
  record: RoundRecord,
  event: Extract<RoundEvent, { kind: "open" }>,
  nowMs: number,
): Step {
  const { role, rules, model, progress } = record;
  if (
    role !== "root" || model === undefined || event.round !== record.round + 1 ||
    !betweenRounds(record) || !hasQuorum(record)
  ) {
    return unchanged(record);
  }
  if (isOutOfTime(record, nowMs)) return finish(record, "minutes");
  const { round, sid, roster, beacon, drawn } = event;
  const deadlineMs = nowMs + rules.roundMs;
  const start = { round, sid, roster, beacon, base: model, openedAtMs: nowMs };
  const started = { ...progress, startedAtMs: progress.startedAtMs ?? nowMs };
  const deadlines = { deadlineMs, parentDeadlineMs: deadlineMs };
  return open({ ...record, progress: started }, { ...start, ...deadlines }, drawn);
}

/** Opens a round for those that are asked, who may be nobody. */
function open(
  record: RoundRecord,
  start: Omit<RoundFacts, "share" | "sample" | keyof typeof nothingYet>,
  { share, sample, awaited }: Drawn,
): Step {
  const facts: RoundFacts = { ...start, share, sample, ...nothingYet };
  const { record: next, effects } = sealIfComplete({
    ...record,
    round: start.round,
    roster: { ...record.roster, awaited },
    phase: { kind: "open", facts },
  });
  return { record: next, effects: [{ kind: "wake" }, ...effects] };
}

const nothingYet = { abstained: 0, updates: 0, clients: 0, bytesIn: 0 } as const;

/** Region: takes up the parent's round, or the end of the task. */
function followed(
  record: RoundRecord,
  { info, drawn }: Extract<RoundEvent, { kind: "parent" }>,
  nowMs: number,
): Step {
  const { phase } = record;
  if (phase.kind === "finished" || info.task !== record.task) return unchanged(record);
  if (info.kind === "open" && info.round <= record.round) return unchanged(record);
  // What is still here will never be taken: the parent is past it.
  const left = phase.kind === "open" || phase.kind === "sealed"
    ? givenUp(phase.facts, "superseded")
    : [];
  if (info.kind === "finished") {
    const { model, reason } = info;
    const round = Math.max(record.round, info.round);
    const end = finish({ ...record, round, model }, reason);
    return { record: end.record, effects: [...left, ...end.effects] };
  }
  const { round, sid, roster, beacon, model, group } = info;
  if (drawn === undefined) {
    // Nobody here is asked, so nobody needs to hear of it.
    return { record: { ...record, round, phase: { kind: "waiting" } }, effects: left };
  }
  const start = {
    ...{ round, sid, roster, beacon, base: model, openedAtMs: nowMs },
    ...(group === undefined ? {} : { group }),
    ...regionDeadlines(info, nowMs),
  };
  const { record: next, effects } = open({ ...record, model }, start, drawn);
  return { record: next, effects: [...left, ...effects, { kind: "fetch", model }] };
}

function updated(record: RoundRecord, event: UpdateEvent, nowMs: number): Step {
  const before = checkUpdate(record, event, nowMs);
  const facts: RoundFacts = {
    ...before,
    updates: before.updates + 1,
    clients: before.clients + event.clients,
    bytesIn: before.bytesIn + event.bytes,
  };
  return heardOf(record, facts, event.awaited);
}

/** Someone has nothing to send, and is waited for no more. */
function abstained(record: RoundRecord, event: AbstainEvent, nowMs: number): Step {
  const before = checkOpen(record, event, nowMs);
  return heardOf(record, { ...before, abstained: before.abstained + 1 }, event.awaited);
}

function heardOf(record: RoundRecord, facts: RoundFacts, awaited: boolean): Step {
  const { roster } = record;
  return sealIfComplete({
    ...record,
    roster: { ...roster, awaited: roster.awaited - Number(awaited) },
    phase: { kind: "open", facts },
  });
}

/** Seals once enough have come or nobody is waited for. */
function sealIfComplete(record: RoundRecord): Step {
  const { phase, role, rules } = record;
  if (phase.kind !== "open") return unchanged(record);
  const { facts } = phase;
  // Time paces a root whose rounds come to nothing: the next one opens at once.
  const mayEnd = role === "region" || facts.clients >= rules.min;
  const isComplete = facts.clients >= facts.sample.enough || isOver(record, facts);
  return mayEnd && isComplete ? seal(record, facts) : unchanged(record);
}

/** Whether everybody was heard of, and nobody else can come. */
function isOver({ roster, rules }: RoundRecord, facts: RoundFacts): boolean {
  if (roster.awaited > 0) return false;
  // Where all are asked, one that enrols now may be the first to come.
  return rules.sampling.kind !== "all" || facts.updates > 0 || facts.abstained > 0;
}

function seal(record: RoundRecord, facts: RoundFacts): Step {
  if (record.role === "root" && facts.clients < record.rules.min) {
    return abandon(record, facts, "too-few-clients");
  }
  const sealed: RoundRecord = { ...record, phase: { kind: "sealed", facts } };
  return { record: sealed, effects: [toClose(sealed, facts)] };
}

function ticked(record: RoundRecord, nowMs: number): Step {
  const { phase } = record;
  if (phase.kind === "open" && nowMs >= phase.facts.deadlineMs) return seal(record, phase.facts);
  if (phase.kind === "forwarded" && nowMs >= phase.facts.parentDeadlineMs) {
    return { record: { ...record, phase: { kind: "done", facts: phase.facts } }, effects: [] };
  }
  return isOutOfTime(record, nowMs) ? finish(record, "minutes") : unchanged(record);
}

function unmasked(record: RoundRecord, event: Extract<RoundEvent, { kind: "unmask" }>): Step {
  const { phase, role } = record;
  if (role !== "root" || phase.kind !== "sealed" || phase.facts.round !== event.round) {
    return unchanged(record);
  }
  const { sum, members, groups } = event;
  const { facts } = phase;
  return {
    record: {
      ...record,
      phase: { kind: "unmasking", facts, sum, members, ...(groups && { groups }) },
    },
    effects: [{ kind: "publish", round: event.round, sum }],
  };
}

function published(record: RoundRecord, event: Extract<RoundEvent, { kind: "publish" }>): Step {
  const { phase, rules } = record;
  if (phase.kind !== "unmasking" || phase.facts.round !== event.round) return unchanged(record);
  const { facts, sum, members } = phase;
  const { model, metrics, opened, spent } = event;
  if (model.version !== facts.base.version + 1) {
    throw new RangeError(
      `Cannot publish model ${model.version}: expected version ${facts.base.version + 1}`,
    );
  }
  const publication = { version: model.version, metrics };
  const progress = {
    ...advance(record.progress, rules.stop, publication),
    ...(spent && { sums: spent.sums }),
  };
  const next: RoundRecord = { ...record, model, progress, phase: { kind: "published", facts } };
  const done: readonly RoundEffect[] = [
    {
      kind: "log",
      event: {
        ...{ kind: "published", ...logged(facts), members, sum, model, metrics },
        ...(opened && { ...opened, ...openedCounts(opened.groups) }),
        ...loggedSpend(spent),
      },
    },
    { kind: "drop", round: facts.round },
  ];
  const reason = stopReason(rules.stop, progress, publication) ??
    (spent?.isOver ? "privacy" : undefined);
  if (reason !== undefined) {
    const end = finish(next, reason);
    return { record: end.record, effects: [...done, ...end.effects] };
  }
  return { record: next, effects: [...done, ...nextRound(next)] };
}

function forwarded(record: RoundRecord, event: Extract<RoundEvent, { kind: "forward" }>): Step {
  const { phase, role } = record;
  if (role !== "region" || phase.kind !== "sealed" || phase.facts.round !== event.round) {
    return unchanged(record);
  }
  const { facts } = phase;
  // An empty sum is not forwarded: its region abstains.
  if (facts.clients === 0) return unchanged(record);
  const { members, sum } = event;
  return {
    record: { ...record, phase: { kind: "forwarded", facts } },
    effects: [
      { kind: "log", event: { kind: "forwarded", ...logged(facts), members, sum } },
      { kind: "drop", round: facts.round },
    ],
  };
}

function failed(record: RoundRecord, event: Extract<RoundEvent, { kind: "fail" }>): Step {
  const { phase } = record;
  if (phase.kind !== "sealed" && phase.kind !== "unmasking") return unchanged(record);
  const { facts } = phase;
  if (facts.round !== event.round) return unchanged(record);
  if (event.reason === "nothing-to-send" && facts.clients > 0) return unchanged(record);
  return abandon(record, facts, event.reason, event);
}
