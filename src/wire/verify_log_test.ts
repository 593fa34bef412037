import assert from "node:assert/strict";
import fc from "fast-check";
import { toBase64Url } from "../core/bytes.ts";
import { isTributaryError } from "../core/errors.ts";
import { generateIdentity, type Identity } from "../core/identity.ts";
import { hex32, SAMPLE_TASK } from "./_testing.ts";
import { appendToLog, type LogEntry, type LogEvent, type LoggedRound } from "./log.ts";
import { logRoot } from "./log_head.ts";
import type { ModelInfo } from "./round_info.ts";
import { planDigest, sessionId } from "./session_id.ts";
import { taskId } from "./task.ts";
import { verifyLog } from "./verify_log.ts";

const [owner, region, stranger] = await Promise.all([
  generateIdentity(),
  generateIdentity(),
  generateIdentity(),
]);
const TASK = await taskId(SAMPLE_TASK);
const PLAN = await planDigest(SAMPLE_TASK);

function model(version: number): ModelInfo {
  return { version, digest: hex32(0x80 + version), bytes: 100 };
}

async function roundOf(
  round: number,
  base: number,
  changes: Partial<LoggedRound> = {},
): Promise<LoggedRound> {
  const session = {
    task: TASK,
    round,
    plan: PLAN,
    model: model(base).digest,
    roster: hex32(1),
    beacon: hex32(round),
  };
  const { roster, beacon } = session;
  const sid = await sessionId(session);
  const sample = { threshold: 1, asked: 5, enough: 100 };
  return {
    ...{ round, sid, roster, beacon, base: model(base), sample },
    ...{ abstained: 0, updates: 3, clients: 4 },
    ...changes,
  };
}

async function published(
  round: number,
  base: number,
  changes: Partial<Extract<LogEvent, { kind: "published" }>> = {},
): Promise<LogEvent> {
  return {
    kind: "published",
    ...await roundOf(round, base),
    members: hex32(2),
    sum: hex32(3),
    model: model(base + 1),
    metrics: { "hr@10": 0.7 },
    ...changes,
  };
}

async function abandoned(round: number, base: number): Promise<LogEvent> {
  const lost = await roundOf(round, base, { clients: 1, updates: 1 });
  return { kind: "abandoned", ...lost, reason: "too-few-clients" };
}

async function forwarded(round: number, base: number): Promise<LogEvent> {
  return { kind: "forwarded", ...await roundOf(round, base), members: hex32(2), sum: hex32(3) };
}

async function chain(
  events: readonly LogEvent[],
  identity: Identity = owner,
  task: string = TASK,
): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  for (const event of events) {
    entries.push(await appendToLog(event, { last: entries.at(-1), task, atMs: 5, identity }));
  }
  return entries;
}

const UNIFORM = { kind: "uniform", count: 4, overSelect: 1.5 } as const;
const created: LogEvent = { kind: "created", model: model(0) };
const joined: LogEvent = { kind: "joined", parent: owner.id };
const finished: LogEvent = { kind: "finished", round: 4, model: model(3), reason: "rounds" };

/** A whole root's log: three models, one abandoned round between, the end. */
const EVENTS = [
  created,
  await published(1, 0),
  await abandoned(2, 1),
  await published(3, 1),
  await published(4, 2),
  finished,
];
const GOOD = await chain(EVENTS);

const check = (entries: readonly unknown[], signer: Identity = owner, head?: string) =>
  verifyLog(entries, {
    task: SAMPLE_TASK,
    signer: toBase64Url(signer.publicKey),
    ...(head === undefined ? {} : { head }),
  });

/** That the log is refused, at this entry, for this reason. */
const bad = (seq: number, says: RegExp) => (error: unknown) => {
  assert.ok(isTributaryError(error, "log-invalid"), String(error));
  assert.match(error.message, new RegExp(`^Cannot trust log entry ${seq}\\b`));
  assert.match(error.message, says);
  return true;
};

Deno.test("log: a root's verifies, and is summed up", async () => {
  assert.deepEqual(await check(JSON.parse(JSON.stringify(GOOD))), {
    role: "root",
    entries: 6,
    rounds: 3,
    abandoned: 1,
    clients: 12,
    model: model(3),
    finished: "rounds",
    spent: undefined,
    head: GOOD[5]!.hash,
    root: await logRoot(GOOD.map(({ hash }) => hash)),
    keeper: toBase64Url(owner.publicKey),
  });
});

Deno.test("log: a region's verifies under the region's key, gaps between rounds and all", async () => {
  const superseded: LogEvent = { kind: "abandoned", ...await roundOf(5, 1), reason: "superseded" };
  const events = [
    joined,
    await forwarded(1, 0),
    await forwarded(2, 0),
    superseded,
    await forwarded(9, 4),
  ];
  const summary = await check(await chain(events, region), region);
  assert.deepEqual(
    [summary.role, summary.rounds, summary.abandoned, summary.model],
    ["region", 3, 1, model(4)],
  );
});

Deno.test("log: each prefix verifies, but not as the whole when the head is known", async () => {
  const head = GOOD[5]!.hash;
  await check(GOOD, owner, head);
  for (let length = 1; length < GOOD.length; length++) {
    await check(GOOD.slice(0, length));
    await assert.rejects(check(GOOD.slice(0, length), owner, head), bad(length - 1, /as the last/));
  }
  await assert.rejects(check([]), /it is empty/);
});

Deno.test("log: an entry left out is found where the next one follows", async () => {
  for (let at = 0; at < GOOD.length - 1; at++) {
    await assert.rejects(check(GOOD.toSpliced(at, 1)), bad(at, /its seq is/));
  }
});

Deno.test("log: entries in another order are found", async () => {
  const turned = [...GOOD];
  [turned[2], turned[3]] = [turned[3]!, turned[2]!];
  await assert.rejects(check(turned), bad(2, /its seq is 3, expected 2/));
});

Deno.test("log: an entry renumbered and hashed anew is found by its signature", async () => {
  const last = GOOD[1];
  const next = await appendToLog(EVENTS[2]!, { last, task: TASK, atMs: 5, identity: stranger });
  await assert.rejects(check([...GOOD.slice(0, 2), next]), bad(2, /its signature is not/));
});

Deno.test("log: any change of one character is found at its entry", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(GOOD.length - 1),
      fc.nat(),
      fc.constantFrom(..."0123456789abcdef"),
      async (seq, seed, character) => {
        const text = JSON.stringify(GOOD[seq]);
        const places = [...text.matchAll(/[0-9a-f]/g)].map(({ index }) => index);
        const place = places[seed % places.length]!;
        if (text[place] === character) return;
        let entry: unknown;
        try {
          entry = JSON.parse(text.slice(0, place) + character + text.slice(place + 1));
        } catch {
          return;
        }
        // A number may be spelt in several ways.
        if (JSON.stringify(entry) === text) return;
        await assert.rejects(check(GOOD.with(seq, entry as LogEntry)), bad(seq, /./));
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("log: the tail of another log of the same keeper is no continuation", async () => {
  const other = await chain([created, await abandoned(1, 0), ...EVENTS.slice(2)]);
  await assert.rejects(check([...GOOD.slice(0, 2), ...other.slice(2)]), bad(2, /its prev is/));
});

Deno.test("log: entries of another task are found", async () => {
  const other = await chain([created], owner, hex32(9));
  await assert.rejects(check(other), bad(0, /its task is/));
  const appended = await appendToLog(EVENTS[2]!, {
    last: GOOD[1],
    task: hex32(9),
    atMs: 5,
    identity: owner,
  });
  await assert.rejects(check([...GOOD.slice(0, 2), appended]), bad(2, /its task is/));
});

Deno.test("log: another's key does not verify it", async () => {
  await assert.rejects(check(GOOD, stranger), bad(0, /signature/));
});

const base = model(0);
for (
  const [what, events, seq, says] of [
    ["begins in the middle", [await published(1, 0)], 0, /begins with "published"/],
    ["begins twice", [created, created], 1, /"created" is not first/],
    ["starts from a later model", [{ kind: "created", model: model(1) }], 0, /model version is 1/],
    ["skips a round", [created, await published(2, 0)], 1, /its round is 2, expected 1/],
    ["repeats a round", [created, await abandoned(1, 0), await abandoned(1, 0)], 2, /expected 2/],
    [
      "skips a model",
      [created, await published(1, 0, { model: model(2) })],
      1,
      /model version is 2/,
    ],
    [
      "starts a round from a model that was not the last",
      [created, await published(1, 1)],
      1,
      /base version/,
    ],
    [
      "starts a round from a model of another digest",
      [created, await published(1, 0, { base: { ...base, digest: hex32(7) } })],
      1,
      /base digest/,
    ],
    [
      "publishes from too few clients",
      [created, await published(1, 0, { clients: 1 })],
      1,
      /1 clients are in it, expected at least 2/,
    ],
    [
      "publishes from too many clients",
      [created, await published(1, 0, { clients: 101 })],
      1,
      /at most 100/,
    ],
    [
      "counts clients without updates",
      [created, await published(1, 0, { updates: 0 })],
      1,
      /without an update/,
    ],
    [
      "gives a metric that the task has not",
      [created, await published(1, 0, { metrics: { loss: 1 } })],
      1,
      /metric "loss"/,
    ],
    [
      "binds a round to another sid",
      [created, await published(1, 0, { sid: hex32(7) })],
      1,
      /its sid is/,
    ],
    [
      "binds a round to another roster",
      [created, await published(1, 0, { roster: hex32(7) })],
      1,
      /its sid is/,
    ],
    ["forwards, as a root", [created, await forwarded(1, 0)], 1, /a root forwarded/],
    [
      "has more clients than it asked",
      [created, await published(1, 0, { sample: { threshold: 1, asked: 3, enough: 100 } })],
      1,
      /4 clients are in it, expected at most the 3 asked/,
    ],
    [
      "asked more clients than a round takes",
      [created, await published(1, 0, { sample: { threshold: 1, asked: 101, enough: 100 } })],
      1,
      /101 clients were asked, expected at most 100/,
    ],
    [
      "was complete too early",
      [created, await published(1, 0, { sample: { threshold: 1, asked: 5, enough: 4 } })],
      1,
      /its enough is 4, expected 100/,
    ],
    ["goes on after the end", [...EVENTS, await abandoned(5, 3)], 6, /follows the end/],
    [
      "publishes more than the task asks for",
      [...EVENTS.slice(0, 5), await published(5, 3)],
      5,
      /it is model 4/,
    ],
    [
      "ends early by rounds",
      [created, await published(1, 0), { ...finished, round: 1, model: model(1) }],
      2,
      /model version is 1/,
    ],
    [
      "ends by a rule that the task has not",
      [created, { ...finished, round: 0, model: base, reason: "patience" }],
      1,
      /does not stop by/,
    ],
    [
      "ends with another model",
      [...EVENTS.slice(0, 5), { ...finished, model: { ...model(3), digest: hex32(7) } }],
      5,
      /model digest/,
    ],
    [
      "ends with another round",
      [...EVENTS.slice(0, 5), { ...finished, round: 9 }],
      5,
      /its round is 9/,
    ],
  ] as [string, LogEvent[], number, RegExp][]
) {
  Deno.test(`log: one that is signed but ${what} is refused`, async () => {
    await assert.rejects(chain(events).then((entries) => check(entries)), bad(seq, says));
  });
}

for (
  const [what, events, seq, says] of [
    ["publishes a model", [joined, await published(1, 0)], 1, /a region published/],
    ["goes back a round", [joined, await forwarded(2, 0), await forwarded(1, 0)], 2, /above 2/],
    [
      "goes back a model",
      [joined, await forwarded(1, 3), await forwarded(2, 1)],
      2,
      /base version/,
    ],
    ["ends before its last round", [joined, await forwarded(5, 3), finished], 2, /at least 5/],
  ] as [string, LogEvent[], number, RegExp][]
) {
  Deno.test(`log: a region's that ${what} is refused`, async () => {
    const entries = await chain(events, region);
    await assert.rejects(check(entries, region), bad(seq, says));
  });
}

Deno.test("log: an entry of another form is named by its field", async () => {
  const entry = { ...GOOD[1]!, note: "x" };
  await assert.rejects(check(GOOD.with(1, entry as LogEntry)), bad(1, /at note/));
  await assert.rejects(check([null]), bad(0, /at the top/));
});

for (
  const [sampling, sample, says] of [
    [{ kind: "poisson", rate: 0.25 }, { threshold: 0.25, asked: 900, enough: 100 }, undefined],
    [{ kind: "poisson", rate: 0.25 }, { threshold: 0.125, asked: 900, enough: 100 }, undefined],
    [{ kind: "poisson", rate: 0.25 }, { threshold: 0.26, asked: 9, enough: 100 }, /the rate, 0.25/],
    [UNIFORM, { threshold: 0.1, asked: 6, enough: 4 }, undefined],
    [UNIFORM, { threshold: 1, asked: 4, enough: 4 }, undefined],
    [UNIFORM, { threshold: 0.1, asked: 7, enough: 4 }, /7 clients were asked, expected at most 6/],
    [UNIFORM, { threshold: 0.1, asked: 6, enough: 3 }, /its enough is 3, expected 4/],
  ] as const
) {
  const word = says === undefined ? "verifies" : "is refused";
  Deno.test(`log: a ${sampling.kind} sample of ${JSON.stringify(sample)} ${word}`, async () => {
    const task = { ...SAMPLE_TASK, sampling };
    const id = await taskId(task);
    const session = { round: 1, roster: hex32(1), beacon: hex32(2) };
    const plan = await planDigest(task);
    const sid = await sessionId({ ...session, task: id, plan, model: model(0).digest });
    const event = await published(1, 0, { ...session, sid, sample });
    const entries = await chain([created, event], owner, id);
    const verified = verifyLog(entries, { task, signer: toBase64Url(owner.publicKey) });
    if (says === undefined) assert.equal((await verified).clients, 4);
    else await assert.rejects(verified, bad(1, says));
  });
}
