import assert from "node:assert/strict";
import fc from "fast-check";
import { toBase64Url } from "../core/bytes.ts";
import { isTributaryError } from "../core/errors.ts";
import { generateIdentity } from "../core/identity.ts";
import { SAMPLE_TASK } from "../wire/_testing.ts";
import { appendToLog, type LogEntry, type LogEvent } from "../wire/log.ts";
import { planDigest, sessionId } from "../wire/session_id.ts";
import { taskId } from "../wire/task.ts";
import { verifyLog } from "../wire/verify_log.ts";
import { hex32, modelOf, openEvent, parentRound, sidOf, TASK } from "./_testing.ts";
import { hasRoomFor } from "./admission.ts";
import { alarmAtMs, resume } from "./due.ts";
import {
  type ActiveEffect,
  type Drawn,
  isStored,
  type RoundEffect,
  type RoundEvent,
} from "./event.ts";
import { type RoundRecord, type RoundRules, rulesOf } from "./record.ts";
import { beginRegion, beginRoot } from "./begin.ts";
import { type Step, step } from "./step.ts";

const RULES: RoundRules = {
  min: 2,
  max: 6,
  sampling: { kind: "uniform", count: 4, overSelect: 1.5 },
  roundMs: 1000,
  mask: "none",
  stop: { rounds: 4, patience: { metric: "hr@10", rounds: 2 }, minutes: 1 },
};

/** Anything that can arrive, most of it near the rounds that are under way, some of it nonsense. */
const round = fc.integer({ min: 1, max: 5 });
/** What a round may have drawn: up to six are asked, some of whom are enough. */
const drawn: fc.Arbitrary<Drawn> = fc.tuple(fc.integer({ min: 1, max: 6 }), fc.nat(6), fc.nat(4))
  .map(
    ([asked, enough, awaited]) => ({
      share: { clients: asked, enough: Math.min(asked, enough) },
      sample: { threshold: 0.5, asked, enough: Math.min(asked, enough) },
      awaited,
    }),
  );
const event: fc.Arbitrary<RoundEvent> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("roster" as const),
      members: fc.nat(4),
      clients: fc.nat(6),
      awaited: fc.nat(4),
      joined: fc.nat(1),
    }),
  },
  { weight: 4, arbitrary: fc.tuple(round, drawn).map(([round, drawn]) => openEvent(round, drawn)) },
  {
    weight: 2,
    arbitrary: fc.tuple(round, fc.nat(4), fc.option(drawn)).map((
      [round, version, drawn],
    ): RoundEvent => ({
      kind: "parent",
      info: { ...parentRound(round, version), deadlineMs: 1000 },
      ...(drawn === null ? {} : { drawn }),
    })),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("abstain" as const),
      round,
      sid: fc.oneof({ weight: 5, arbitrary: round.map(sidOf) }, fc.constant(hex32(99))),
      awaited: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(round, fc.nat(4)).map(([round, version]): RoundEvent => ({
      kind: "parent",
      info: { kind: "finished", task: TASK, round, model: modelOf(version), reason: "rounds" },
    })),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant("update" as const),
      round,
      sid: fc.oneof({ weight: 5, arbitrary: round.map(sidOf) }, fc.constant(hex32(99))),
      clients: fc.nat(3),
      bytes: fc.constant(8),
      awaited: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "tick" as const }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("unmask" as const),
      round,
      sum: fc.constant(hex32(3)),
      members: fc.constant(hex32(4)),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(round, fc.integer({ min: 1, max: 5 }), fc.nat(3)).map(
      ([round, version, value]): RoundEvent => ({
        kind: "publish",
        round,
        model: modelOf(version),
        metrics: { "hr@10": value / 10 },
      }),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("forward" as const),
      round,
      sum: fc.constant(hex32(3)),
      members: fc.constant(hex32(4)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("fail" as const),
      round,
      reason: fc.constantFrom(
        "sum-refused" as const,
        "parent-refused" as const,
        "nothing-to-send" as const,
      ),
    }),
  },
);
const history = fc.array(
  fc.record({ raw: event, waitMs: fc.nat(200), aims: fc.nat(4).map((n) => n > 0) }),
  { minLength: 30, maxLength: 150, size: "max" },
);
type Happening = { raw: RoundEvent; waitMs: number; aims: boolean };

/** Most events are about the round that is under way, or random histories would not get far. */
function aimed(record: RoundRecord, { raw, aims }: Happening): RoundEvent {
  if (!aims && raw.kind !== "roster") return raw;
  const version = (record.model?.version ?? 0) + 1;
  switch (raw.kind) {
    case "open":
      return openEvent(record.round + 1, raw.drawn);
    case "abstain":
    case "update": {
      const { round } = record;
      return {
        ...raw,
        round,
        sid: record.phase.kind === "open" ? record.phase.facts.sid : raw.sid,
      };
    }
    case "unmask":
    case "forward":
    case "fail":
      return { ...raw, round: record.round };
    case "publish":
      return { ...raw, round: record.round, model: modelOf(version) };
    case "roster": {
      const { joined = 0 } = raw;
      return { ...raw, joined: hasRoomFor(record, joined) ? joined : 0 };
    }
    case "parent":
    case "tick":
      return raw;
    default:
      throw raw satisfies never;
  }
}

function begin(role: "root" | "region"): Step {
  return role === "root"
    ? beginRoot({ task: TASK, rules: RULES, model: modelOf(0) })
    : beginRegion({ task: TASK, rules: RULES, parent: "parent" });
}

/** The step, or none where an update or a version is refused. */
function tryStep(record: RoundRecord, event: RoundEvent, nowMs: number): Step | undefined {
  try {
    return step(record, event, nowMs);
  } catch (error) {
    const refused = (event.kind === "update" || event.kind === "abstain") &&
      isTributaryError(error);
    assert.ok(refused || (event.kind === "publish" && error instanceof RangeError), String(error));
    return undefined;
  }
}

function freeze<T>(value: T): T {
  if (value !== null && typeof value === "object" && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) freeze(inner);
  }
  return value;
}

function logsOf(effects: readonly RoundEffect[]): LogEvent[] {
  return effects.flatMap((effect) => effect.kind === "log" ? [effect.event] : []);
}

for (const role of ["root", "region"] as const) {
  Deno.test(`round: whatever happens to a ${role}, each round ends once and counts stay`, () => {
    fc.assert(
      fc.property(history, (events) => {
        let { record, effects } = begin(role);
        let nowMs = 0;
        const log: LogEvent[] = logsOf(effects);
        const counts = new Map<number, string>();
        for (const happening of events) {
          nowMs += happening.waitMs;
          const before = freeze(record);
          const event = aimed(before, happening);
          const next = tryStep(before, freeze(event), nowMs);
          if (next === undefined) continue;
          // The same input gives the same step, and a record is plain JSON.
          assert.deepEqual(step(before, event, nowMs), next);
          assert.deepEqual(JSON.parse(JSON.stringify(next.record)), next.record);
          if (next.record === before) assert.deepEqual(next.effects, []);
          record = next.record;
          log.push(...logsOf(next.effects));
          assert.ok(record.round >= before.round);
          assert.ok(
            (record.model?.version ?? 0) - (before.model?.version ?? 0) <= 1 || role === "region",
          );
          const { phase } = record;
          if ("facts" in phase && phase.kind !== "open") {
            const { round, updates, clients, bytesIn, abstained } = phase.facts;
            const count = `${updates} ${clients} ${bytesIn} ${abstained}`;
            assert.equal(counts.get(round) ?? count, count);
            counts.set(round, count);
            assert.ok(clients <= phase.facts.share.clients);
          }
          if (phase.kind === "open") {
            assert.ok(!counts.has(phase.facts.round));
            assert.ok(alarmAtMs(record) === phase.facts.deadlineMs);
            const { clients, sample } = phase.facts;
            const isComplete = clients >= sample.enough || record.roster.awaited <= 0;
            // Nobody is waited for in vain; a root that has too few waits for its deadline.
            if (isComplete) assert.ok(role === "root" && clients < RULES.min);
          }
          for (const effect of next.effects) {
            if (effect.kind === "drop") assert.notEqual(phase.kind, "unmasking");
          }
        }
        const ended = log.flatMap((entry) =>
          entry.kind === "published" || entry.kind === "abandoned" || entry.kind === "forwarded"
            ? [entry.round]
            : []
        );
        assert.equal(new Set(ended).size, ended.length);
        assert.deepEqual(ended, ended.toSorted((a, b) => a - b));
        const versions = log.flatMap((e) => e.kind === "published" ? [e.model.version] : []);
        assert.deepEqual(versions, versions.map((_, at) => at + 1));
        for (const entry of log) {
          if (entry.kind === "published") assert.ok(entry.clients >= RULES.min);
          // An empty sum is not sent: its region says that it has nothing.
          if (entry.kind === "forwarded") assert.ok(entry.clients > 0);
        }
        assert.ok(log.filter(({ kind }) => kind === "finished").length <= 1);
      }),
      { numRuns: 200 },
    );
  });

  Deno.test(`round: what a ${role} resumes is the same each time, and changes nothing`, () => {
    fc.assert(
      fc.property(history, (events) => {
        let { record } = begin(role);
        let nowMs = 0;
        for (const happening of events) {
          nowMs += happening.waitMs;
          record = freeze(tryStep(record, aimed(record, happening), nowMs)?.record ?? record);
          const due = resume(record);
          assert.deepEqual(resume(JSON.parse(JSON.stringify(record))), due);
          assert.ok(due.every((effect) => !isStored(effect)));
          assert.ok(new Set(due.map(({ kind }) => kind)).size === due.length);
        }
      }),
      { numRuns: 100 },
    );
  });
}

/** A root with three clients, whose effects are done by this driver, now and then twice or not. */
function drive(faults: readonly number[]): { record: RoundRecord; log: LogEvent[] } {
  let { record, effects } = beginRoot({
    task: TASK,
    rules: { ...RULES, max: 10, sampling: { kind: "all" }, stop: { rounds: 3 } },
    model: modelOf(0),
  });
  const log = logsOf(effects);
  let turn = 0;
  const queue: ActiveEffect[] = [];
  const happen = (event: RoundEvent): void => {
    const next = step(record, event, 0);
    record = next.record;
    log.push(...logsOf(next.effects));
    const active = next.effects.filter((effect) => !isStored(effect));
    const fault = faults[turn++ % Math.max(faults.length, 1)];
    // 1: the process dies after the write, and resumes. 2: everything is done twice.
    if (fault === 1) queue.splice(0, queue.length, ...resume(record));
    else queue.push(...active, ...(fault === 2 ? active : []));
  };
  happen({ kind: "roster", members: 3, clients: 3, awaited: 0 });
  for (let steps = 0; steps < 500 && record.phase.kind !== "finished"; steps++) {
    const effect = queue.shift();
    switch (effect?.kind) {
      case "open":
        happen(openEvent(effect.round));
        break;
      case "unmask":
        happen({ kind: "unmask", round: effect.round, sum: hex32(3), members: hex32(4) });
        break;
      case "publish": {
        const version = (record.model?.version ?? 0) + 1;
        happen({ kind: "publish", round: effect.round, model: modelOf(version), metrics: {} });
        break;
      }
      case undefined:
        if (record.phase.kind !== "open") {
          queue.push(...resume(record));
          break;
        }
        happen({
          kind: "update",
          round: record.round,
          sid: sidOf(record.round),
          clients: 1,
          bytes: 8,
          awaited: true,
        });
        break;
      case "wake":
      case "abstain":
      case "fetch":
      case "forward":
      case "report":
        break;
    }
  }
  return { record, log };
}

Deno.test("round: crashes and repeated effects lead to the same record and the same log", () => {
  const clean = drive([]);
  assert.deepEqual(clean.record.phase, { kind: "finished", reason: "rounds" });
  fc.assert(fc.property(fc.array(fc.nat(2), { minLength: 1, maxLength: 20 }), (faults) => {
    assert.deepEqual(drive(faults), clean);
  }));
});

/** What the sample task draws, whose clients are all asked. */
const DRAWN_OF_ALL = {
  share: { clients: 100, enough: 100 },
  sample: { threshold: 1, asked: 95, enough: 100 },
} as const;

Deno.test("round: what a root logs, whatever happens to it, is a log that verifies", async () => {
  const owner = await generateIdentity();
  const task = await taskId(SAMPLE_TASK);
  const plan = await planDigest(SAMPLE_TASK);
  const signer = toBase64Url(owner.publicKey);
  let most = 0;
  await fc.assert(
    fc.asyncProperty(history, async (events) => {
      let { record, effects } = beginRoot({ task, rules: rulesOf(SAMPLE_TASK), model: modelOf(0) });
      const log = logsOf(effects);
      let nowMs = 0;
      for (const happening of events) {
        nowMs += happening.waitMs;
        let event = aimed(record, happening);
        if (event.kind === "open") {
          const { roster, beacon, round } = event;
          const model = record.model?.digest ?? "";
          const sid = await sessionId({ task, round, plan, model, roster, beacon });
          const { awaited } = event.drawn;
          event = { ...event, sid, drawn: { ...DRAWN_OF_ALL, awaited } };
        }
        const next = tryStep(record, event, nowMs);
        if (next === undefined) continue;
        record = next.record;
        log.push(...logsOf(next.effects));
      }
      const entries: LogEntry[] = [];
      for (const entry of log) {
        const last = entries.at(-1);
        entries.push(await appendToLog(entry, { last, task, atMs: 0, identity: owner }));
      }
      const summary = await verifyLog(entries, { task: SAMPLE_TASK, signer });
      assert.equal(summary.rounds, record.model?.version);
      most = Math.max(most, summary.rounds);
    }),
    { numRuns: 100, seed: 7 },
  );
  assert.equal(most, SAMPLE_TASK.stop.rounds, "no history got as far as the last model");
});
