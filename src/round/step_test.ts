import assert from "node:assert/strict";
import { isTributaryError } from "../core/errors.ts";
import {
  abstainEvent,
  after,
  DRAWN,
  hex32,
  modelOf,
  openEvent,
  parentEvent,
  parentRound,
  REGION,
  REGIONS,
  ROOT,
  ROOTS,
  ROSTER,
  RULES,
  sidOf,
  TASK,
  updateEvent,
} from "./_testing.ts";
import { isStored, type RoundEffect, type RoundEvent } from "./event.ts";
import type { RoundRecord } from "./record.ts";
import { beginRegion, beginRoot } from "./begin.ts";
import { step } from "./step.ts";

const EVENTS: Readonly<Record<string, readonly [RoundEvent, nowMs: number]>> = {
  roster: [{ kind: "roster", members: 4, clients: 5, awaited: 4 }, 1],
  open: [openEvent(2), 1],
  "open again": [openEvent(1), 1],
  "parent's next": [parentEvent(2, 1), 1],
  "parent's same": [parentEvent(1, 0), 1],
  "parent's end": [{
    kind: "parent",
    info: { kind: "finished", task: TASK, round: 2, model: modelOf(1), reason: "target" },
  }, 1],
  update: [updateEvent(1), 1],
  abstain: [abstainEvent(1), 1],
  "parent's round of others": [{ kind: "parent", info: parentRound(2, 1) }, 1],
  "early tick": [{ kind: "tick" }, 1],
  "late tick": [{ kind: "tick" }, 60_000],
  unmask: [{ kind: "unmask", round: 1, sum: hex32(5), members: hex32(6) }, 1],
  publish: [{ kind: "publish", round: 1, model: modelOf(1), metrics: {} }, 1],
  forward: [{ kind: "forward", round: 1, sum: hex32(5), members: hex32(6) }, 1],
  "fail": [{ kind: "fail", round: 1, reason: "sum-refused" }, 1],
};

/** What an event makes of a phase: the next phase, "=" for nothing at all, or a code. */
type Row = Readonly<Record<string, string>>;

const ROOT_TABLE: Readonly<Record<string, Row>> = {
  //                 waiting, open, sealed, unmasking, published, abandoned, finished
  roster: row("waiting open sealed unmasking published abandoned finished"),
  open: row("= = = = open open ="),
  "open again": row("= = = = = = ="),
  "parent's next": row("= = = = = = ="),
  "parent's same": row("= = = = = = ="),
  "parent's end": row("= = = = = = ="),
  update: row(
    "round-unknown open round-closed round-closed round-closed round-closed round-closed",
  ),
  abstain: row(
    "round-unknown open round-closed round-closed round-closed round-closed round-closed",
  ),
  "parent's round of others": row("= = = = = = ="),
  "early tick": row("= = = = = = ="),
  "late tick": row("= abandoned = = = = ="),
  unmask: row("= = unmasking = = = ="),
  publish: row("= = = published = = ="),
  forward: row("= = = = = = ="),
  "fail": row("= = abandoned abandoned = = ="),
};

const REGION_TABLE: Readonly<Record<string, Row>> = {
  //                 waiting, open, sealed, forwarded, done, abandoned, finished
  roster: row("waiting open sealed forwarded done abandoned finished", REGIONS),
  open: row("= = = = = = =", REGIONS),
  "open again": row("= = = = = = =", REGIONS),
  "parent's next": row("open open open open open open =", REGIONS),
  "parent's same": row("open = = = = = =", REGIONS),
  "parent's end": row("finished finished finished finished finished finished =", REGIONS),
  update: row(
    "round-unknown open round-closed round-closed round-closed round-closed round-closed",
    REGIONS,
  ),
  abstain: row(
    "round-unknown open round-closed round-closed round-closed round-closed round-closed",
    REGIONS,
  ),
  "parent's round of others": row("waiting waiting waiting waiting waiting waiting =", REGIONS),
  "early tick": row("= = = = = = =", REGIONS),
  "late tick": row("= sealed = done = = =", REGIONS),
  unmask: row("= = = = = = =", REGIONS),
  publish: row("= = = = = = =", REGIONS),
  forward: row("= = forwarded = = = =", REGIONS),
  "fail": row("= = abandoned = = = =", REGIONS),
};

function row(cells: string, records: Readonly<Record<string, RoundRecord>> = ROOTS): Row {
  const names = Object.keys(records);
  const values = cells.split(" ");
  assert.equal(values.length, names.length);
  return Object.fromEntries(names.map((name, at) => [name, values[at] ?? ""]));
}

/** The table's word for what the event did. */
function outcome(record: RoundRecord, event: RoundEvent, nowMs: number): string {
  try {
    const next = step(record, event, nowMs);
    if (next.record !== record) return next.record.phase.kind;
    assert.deepEqual(next.effects, []);
    return "=";
  } catch (error) {
    assert.ok(isTributaryError(error), String(error));
    return error.code;
  }
}

for (
  const [role, records, table] of [
    ["root", ROOTS, ROOT_TABLE],
    ["region", REGIONS, REGION_TABLE],
  ] as const
) {
  for (const [name, record] of Object.entries(records)) {
    Deno.test(`round: a ${role} that is ${name} answers every event as the table says`, () => {
      assert.equal(record.phase.kind, name);
      assert.equal(record.role, role);
      for (const [kind, [event, nowMs]] of Object.entries(EVENTS)) {
        assert.equal(outcome(record, event, nowMs), table[kind]?.[name], `${name}, ${kind}`);
      }
    });
  }
}

const kinds = (effects: readonly RoundEffect[]) => effects.map(({ kind }) => kind);
const code = (expected: string) => (error: unknown) => {
  assert.ok(isTributaryError(error), String(error));
  assert.equal(error.code, expected);
  return true;
};

Deno.test("round: a root and a region begin their logs", () => {
  assert.deepEqual(beginRoot({ task: TASK, rules: RULES, model: modelOf(0) }).effects, [
    { kind: "log", event: { kind: "created", model: modelOf(0) } },
  ]);
  assert.deepEqual(beginRegion({ task: TASK, rules: RULES, parent: "p" }).effects, [
    { kind: "log", event: { kind: "joined", parent: "p" } },
  ]);
});

Deno.test("round: a root asks for its next round once there are clients enough", () => {
  const few = step(ROOT, { kind: "roster", members: 1, clients: 1, awaited: 0 }, 0);
  assert.deepEqual(few.effects, []);
  assert.deepEqual(step(few.record, openEvent(1), 0).record, few.record);
  const enough = step(few.record, { kind: "roster", members: 2, clients: 2, awaited: 0 }, 0);
  assert.deepEqual(enough.effects, [{ kind: "open", round: 1 }]);
});

Deno.test("round: it opens with its sid, its model and its deadline, and wakes who waits", () => {
  const { record, effects } = step(after(ROOT, [ROSTER]), openEvent(1), 500);
  assert.deepEqual(effects, [{ kind: "wake" }]);
  assert.equal(record.round, 1);
  assert.deepEqual(record.phase, {
    kind: "open",
    facts: {
      round: 1,
      sid: sidOf(1),
      roster: hex32(1),
      beacon: hex32(2),
      base: modelOf(0),
      openedAtMs: 500,
      deadlineMs: 60_500,
      parentDeadlineMs: 60_500,
      share: DRAWN.share,
      sample: DRAWN.sample,
      abstained: 0,
      updates: 0,
      clients: 0,
      bytesIn: 0,
    },
  });
});

Deno.test("round: it seals with the update of the last who is waited for", () => {
  const two = after(ROOTS.open!, [updateEvent(1), updateEvent(1)]);
  assert.equal(two.phase.kind, "open");
  const { record, effects } = step(two, updateEvent(1), 1);
  assert.deepEqual(effects, [{ kind: "unmask", round: 1 }]);
  assert.ok(record.phase.kind === "sealed");
  const { updates, clients, bytesIn } = record.phase.facts;
  assert.deepEqual([updates, clients, bytesIn], [3, 3, 300]);
});

Deno.test("round: an update that nobody waited for does not count as one that was", () => {
  const extra = { ...updateEvent(1), awaited: false } as RoundEvent;
  const record = after(ROOTS.open!, [extra, updateEvent(1), updateEvent(1)]);
  assert.equal(record.phase.kind, "open");
  assert.equal(after(record, [updateEvent(1)]).phase.kind, "sealed");
});

Deno.test("round: who leaves is not waited for any more", () => {
  const two = after(ROOTS.open!, [updateEvent(1), updateEvent(1)]);
  const { record, effects } = step(two, { kind: "roster", members: 2, clients: 2, awaited: 0 }, 1);
  assert.equal(record.phase.kind, "sealed");
  assert.deepEqual(effects, [{ kind: "unmask", round: 1 }]);
});

Deno.test("round: an empty roster seals nothing before the deadline, unless all left after sending", () => {
  const empty = { kind: "roster", members: 0, clients: 0, awaited: 0 } as const;
  assert.equal(after(ROOTS.open!, [empty]).phase.kind, "open");
  const sent = after(REGIONS.open!, [updateEvent(1), empty]);
  assert.equal(sent.phase.kind, "sealed");
});

Deno.test("round: who joins while it is open is waited for", () => {
  const joined = after(ROOTS.open!, [
    updateEvent(1),
    updateEvent(1),
    { kind: "roster", members: 4, clients: 4, awaited: 2, joined: 1 },
    updateEvent(1),
  ]);
  assert.ok(joined.phase.kind === "open");
  assert.equal(joined.phase.facts.sample.asked, 4);
  assert.equal(after(joined, [updateEvent(1)]).phase.kind, "sealed");
});

Deno.test("round: it seals when it is full, and takes no update that would overfill it", () => {
  const nearly = after(ROOTS.open!, [updateEvent(1, 8)]);
  assert.throws(() => step(nearly, updateEvent(1, 3), 1), code("round-full"));
  const full = step(nearly, updateEvent(1, 2), 1);
  assert.equal(full.record.phase.kind, "sealed");
});

Deno.test("round: an update for another round, session or time is refused by name", () => {
  const record = ROOTS.open!;
  assert.throws(() => step(record, updateEvent(2), 1), code("round-unknown"));
  assert.throws(() => step(record, updateEvent(0), 1), code("round-closed"));
  const other = { ...updateEvent(1), sid: hex32(9) } as RoundEvent;
  assert.throws(() => step(record, other, 1), code("sid-mismatch"));
  assert.equal(step(record, updateEvent(1), 59_999).record.phase.kind, "open");
  assert.throws(() => step(record, updateEvent(1), 60_000), code("round-closed"));
});

Deno.test("round: at the deadline a root publishes from clients.min, and abandons below", () => {
  const two = after(ROOTS.open!, [updateEvent(1), updateEvent(1)]);
  assert.equal(after(two, [{ kind: "tick" }], 59_999), two);
  assert.equal(after(two, [{ kind: "tick" }], 60_000).phase.kind, "sealed");
  const one = after(ROOTS.open!, [updateEvent(1)]);
  const { record, effects } = step(one, { kind: "tick" }, 60_000);
  assert.ok(record.phase.kind === "abandoned");
  assert.equal(record.phase.reason, "too-few-clients");
  assert.deepEqual(kinds(effects), ["log", "drop", "open"]);
  assert.deepEqual(effects[2], { kind: "open", round: 2 });
});

Deno.test("round: an abandoned round keeps the model, and the next has another number", () => {
  const record = after(ROOTS.abandoned!, [openEvent(2)]);
  assert.deepEqual([record.round, record.model], [2, modelOf(0)]);
  assert.ok(record.phase.kind === "open");
  assert.deepEqual(record.phase.facts.base, modelOf(0));
  assert.equal(record.roster.awaited, 3);
});

Deno.test("round: publishing logs what came from how many, drops the sum, and goes on", () => {
  const metrics = { "hr@10": 0.6 };
  const { record, effects } = step(
    ROOTS.unmasking!,
    { kind: "publish", round: 1, model: modelOf(1), metrics },
    9,
  );
  assert.deepEqual(effects, [
    {
      kind: "log",
      event: {
        kind: "published",
        round: 1,
        sid: sidOf(1),
        roster: hex32(1),
        beacon: hex32(2),
        base: modelOf(0),
        sample: DRAWN.sample,
        abstained: 0,
        updates: 3,
        clients: 3,
        members: hex32(4),
        sum: hex32(3),
        model: modelOf(1),
        metrics,
      },
    },
    { kind: "drop", round: 1 },
    { kind: "open", round: 2 },
  ]);
  assert.deepEqual(effects.filter(isStored), effects.slice(0, 2));
  assert.deepEqual(record.model, modelOf(1));
});

Deno.test("round: only the next version can be published", () => {
  for (const version of [0, 2]) {
    const event = { kind: "publish", round: 1, model: modelOf(version), metrics: {} } as const;
    assert.throws(() => step(ROOTS.unmasking!, event, 1), RangeError);
  }
});

Deno.test("round: answers about another round change nothing", () => {
  for (
    const [record, event] of [
      [ROOTS.sealed!, { kind: "unmask", round: 2, sum: hex32(1), members: hex32(1) }],
      [ROOTS.sealed!, { kind: "fail", round: 2, reason: "sum-refused" }],
      [ROOTS.unmasking!, { kind: "publish", round: 2, model: modelOf(1), metrics: {} }],
      [REGIONS.sealed!, { kind: "forward", round: 2, sum: hex32(1), members: hex32(1) }],
    ] as [RoundRecord, RoundEvent][]
  ) {
    assert.equal(step(record, event, 1).record, record);
  }
});

Deno.test("round: the last model ends the task, in the same step", () => {
  const last = { ...ROOTS.unmasking!, rules: { ...RULES, stop: { rounds: 1 } } };
  const event = { kind: "publish", round: 1, model: modelOf(1), metrics: {} } as const;
  const { record, effects } = step(last, event, 9);
  assert.deepEqual(record.phase, { kind: "finished", reason: "rounds" });
  assert.deepEqual(kinds(effects), ["log", "drop", "log", "wake"]);
  assert.deepEqual(effects[2], {
    kind: "log",
    event: { kind: "finished", round: 1, model: modelOf(1), reason: "rounds" },
  });
});

Deno.test("round: when the minutes are over no other round opens", () => {
  const rules = { ...RULES, stop: { rounds: 3, minutes: 1 } };
  const published = { ...ROOTS.published!, rules };
  assert.equal(step(published, { kind: "tick" }, 59_999).record, published);
  for (const event of [{ kind: "tick" }, openEvent(2)] as const) {
    const { record, effects } = step(published, event, 60_000);
    assert.deepEqual(record.phase, { kind: "finished", reason: "minutes" });
    assert.deepEqual(kinds(effects), ["log", "wake"]);
  }
  const waiting = { ...after(ROOT, [ROSTER]), rules };
  assert.equal(step(waiting, openEvent(1), 1e9).record.phase.kind, "open");
});

Deno.test("round: the minutes count from the first round, however many follow", () => {
  const first = step(after(ROOT, [ROSTER]), openEvent(1), 500).record;
  assert.deepEqual(first.progress, { startedAtMs: 500 });
  const second = step(after(first, [{ kind: "tick" }], 99_000), openEvent(2), 99_000).record;
  assert.equal(second.round, 2);
  assert.deepEqual(second.progress, { startedAtMs: 500 });
});

Deno.test("round: a region takes up its parent's round, with less time, and the parent's model", () => {
  const info = parentRound(7, 4);
  const { record, effects } = step(REGION, { kind: "parent", info, drawn: DRAWN }, 1_000_000);
  assert.deepEqual(effects, [{ kind: "wake" }, { kind: "fetch", model: modelOf(4) }]);
  assert.ok(record.phase.kind === "open");
  const { facts } = record.phase;
  assert.deepEqual(
    [record.round, facts.sid, facts.deadlineMs, facts.parentDeadlineMs, record.model],
    [7, sidOf(7), 1_028_000, 1_032_000, modelOf(4)],
  );
});

Deno.test("round: a region forwards at its deadline whatever it has", () => {
  const one = after(REGIONS.open!, [updateEvent(1)]);
  const { record, effects } = step(one, { kind: "tick" }, 28_000);
  assert.equal(record.phase.kind, "sealed");
  assert.deepEqual(effects, [{ kind: "forward", round: 1, sid: sidOf(1), clients: 1 }]);
});

Deno.test("round: a region that has nothing at its deadline tells its parent, and logs that", () => {
  const { record, effects } = step(REGIONS.open!, { kind: "tick" }, 28_000);
  assert.equal(record.phase.kind, "sealed");
  assert.deepEqual(effects, [{ kind: "abstain", round: 1, sid: sidOf(1) }]);
  const told = step(record, { kind: "fail", round: 1, reason: "nothing-to-send" }, 28_001);
  assert.ok(told.record.phase.kind === "abandoned");
  assert.deepEqual(kinds(told.effects), ["log", "drop"]);
});

Deno.test("round: a region logs what it forwarded", () => {
  const event = { kind: "forward", round: 1, sum: hex32(5), members: hex32(6) } as const;
  const { effects } = step(REGIONS.sealed!, event, 1);
  assert.deepEqual(kinds(effects), ["log", "drop"]);
  const [log] = effects;
  assert.ok(log?.kind === "log" && log.event.kind === "forwarded");
  assert.deepEqual([log.event.clients, log.event.sum, log.event.members], [3, hex32(5), hex32(6)]);
});

Deno.test("round: a region that its parent overtakes abandons what it has, and follows", () => {
  for (const record of [REGIONS.open!, REGIONS.sealed!]) {
    const next = step(record, parentEvent(2, 1), 1);
    assert.deepEqual(kinds(next.effects), ["log", "drop", "wake", "fetch"]);
    const [log] = next.effects;
    assert.ok(log?.kind === "log" && log.event.kind === "abandoned");
    assert.deepEqual([log.event.reason, log.event.round], ["superseded", 1]);
    assert.deepEqual([next.record.round, next.record.phase.kind], [2, "open"]);
  }
});

Deno.test("round: a region ends with its parent, and keeps the final model at hand", () => {
  const info = {
    kind: "finished",
    task: TASK,
    round: 5,
    model: modelOf(3),
    reason: "rounds",
  } as const;
  const { record, effects } = step(REGIONS.forwarded!, { kind: "parent", info }, 1);
  assert.deepEqual(record.phase, { kind: "finished", reason: "rounds" });
  assert.deepEqual([record.round, record.model], [5, modelOf(3)]);
  assert.deepEqual(kinds(effects), ["log", "wake", "fetch"]);
});

Deno.test("round: a region does not listen to another task's rounds", () => {
  const info = { ...parentRound(2, 1), task: hex32(1) };
  assert.equal(step(REGIONS.open!, { kind: "parent", info }, 1).record, REGIONS.open);
});

Deno.test("round: a region tells its parent when its clients change in number", () => {
  const grown = step(REGIONS.open!, { kind: "roster", members: 4, clients: 6, awaited: 4 }, 1);
  assert.deepEqual(grown.effects, [{ kind: "report", clients: 6 }]);
  const same = { kind: "roster", members: 4, clients: 6, awaited: 3 } as const;
  assert.deepEqual(step(grown.record, same, 1).effects, []);
  assert.equal(step(grown.record, { ...same, awaited: 4 }, 1).record, grown.record);
});

const sampled = (record: RoundRecord): RoundRecord => ({
  ...record,
  rules: { ...RULES, sampling: { kind: "uniform", count: 2, overSelect: 2 } },
});
/** Four are asked, and two are enough. */
const FOUR = {
  share: { clients: 4, enough: 2 },
  sample: { threshold: 0.5, asked: 4, enough: 2 },
  awaited: 4,
} as const;

Deno.test("round: it is complete once enough of those asked have come, and late ones are refused", () => {
  const open = after(sampled(ROOT), [ROSTER, openEvent(1, FOUR), updateEvent(1)]);
  assert.equal(open.phase.kind, "open");
  const { record, effects } = step(open, updateEvent(1), 1);
  assert.equal(record.phase.kind, "sealed");
  assert.deepEqual(effects, [{ kind: "unmask", round: 1 }]);
  assert.throws(() => step(record, updateEvent(1), 1), code("round-closed"));
});

Deno.test("round: a region takes no more clients than its parent lets it send", () => {
  const share = { clients: 3, enough: 3 };
  const open = after(REGION, [ROSTER, parentEvent(1, 0, { ...DRAWN, share }), updateEvent(1, 2)]);
  assert.throws(() => step(open, updateEvent(1, 2), 1), code("round-full"));
  assert.equal(step(open, updateEvent(1, 1), 1).record.phase.kind, "open");
});

Deno.test("round: who abstains is not waited for, and counts", () => {
  const open = after(ROOTS.open!, [updateEvent(1), updateEvent(1)]);
  const { record } = step(open, abstainEvent(1), 1);
  assert.ok(record.phase.kind === "sealed");
  assert.deepEqual([record.phase.facts.abstained, record.phase.facts.updates], [1, 2]);
});

Deno.test("round: an abstention for another round, session or time is refused by name", () => {
  const record = ROOTS.open!;
  assert.throws(() => step(record, abstainEvent(2), 1), code("round-unknown"));
  assert.throws(() => step(record, abstainEvent(0), 1), code("round-closed"));
  const other = { ...abstainEvent(1), sid: hex32(9) } as RoundEvent;
  assert.throws(() => step(record, other, 1), code("sid-mismatch"));
  assert.throws(() => step(record, abstainEvent(1), 60_000), code("round-closed"));
});

Deno.test("round: a region whose clients all abstain does so itself", () => {
  const record = after(REGIONS.open!, [abstainEvent(1), abstainEvent(1)]);
  assert.equal(record.phase.kind, "open");
  assert.deepEqual(step(record, abstainEvent(1), 1).effects, [
    { kind: "abstain", round: 1, sid: sidOf(1) },
  ]);
});

Deno.test("round: a region none of whose clients is there to be asked abstains at once", () => {
  const nobody = {
    share: { clients: 4, enough: 2 },
    sample: { threshold: 1, asked: 0, enough: 0 },
    awaited: 0,
  };
  const { record, effects } = step(sampled(REGION), parentEvent(1, 0, nobody), 1);
  assert.equal(record.phase.kind, "sealed");
  assert.deepEqual(kinds(effects), ["wake", "abstain", "fetch"]);
});

Deno.test("round: a region passes over a round in which it is not asked, without its model", () => {
  const { record, effects } = step(REGION, { kind: "parent", info: parentRound(3, 2) }, 1);
  assert.deepEqual(effects, []);
  assert.deepEqual([record.round, record.phase.kind, record.model], [3, "waiting", undefined]);
  assert.equal(step(record, parentEvent(3, 2), 2).record, record);
  assert.equal(step(record, parentEvent(4, 2), 2).record.phase.kind, "open");
});

Deno.test("round: a root whose round comes to nothing waits for its deadline, however early", () => {
  // Rounds that ended at once would follow each other at the speed of the network.
  const open = after(ROOTS.open!, [abstainEvent(1), abstainEvent(1), updateEvent(1)]);
  assert.equal(open.phase.kind, "open");
  const { record, effects } = step(open, { kind: "tick" }, 60_000);
  assert.equal(record.phase.kind, "abandoned");
  assert.deepEqual(kinds(effects), ["log", "drop", "open"]);
});
