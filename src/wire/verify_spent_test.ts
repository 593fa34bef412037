import assert from "node:assert/strict";
import { toBase64Url } from "../core/bytes.ts";
import { generateIdentity } from "../core/identity.ts";
import { tensors } from "../models/mod.ts";
import { defineTask } from "../task/mod.ts";
import { taskSpend } from "../update/private_plan.ts";
import { hex32 } from "./_testing.ts";
import { appendToLog, type LogEntry, type LogEvent, type LoggedSpend } from "./log.ts";
import type { ModelInfo } from "./round_info.ts";
import { planDigest, sessionId } from "./session_id.ts";
import { type Task, taskId } from "./task.ts";
import { verifyLog, type VerifyLogOptions } from "./verify_log.ts";

const owner = await generateIdentity();
const PRIVATE = defineTask({
  name: "risk",
  model: tensors({ tensors: { w: [50] } }),
  clients: { min: 3, max: 100 },
  privacy: { epsilon: 6, delta: 1e-5 },
  stop: { rounds: 3 },
});
const { privacy: _, ...FREE } = PRIVATE;
const after = taskSpend(PRIVATE)?.after ?? (() => NaN);

function model(version: number): ModelInfo {
  return { version, digest: hex32(0x80 + version), bytes: 100 };
}

/** A log of rounds that say what they spent: published, or abandoned with their sum opened or not. */
async function logOf(
  rounds: readonly {
    readonly kind: "published" | "abandoned";
    readonly spent?: LoggedSpend;
  }[],
  { task = PRIVATE as Task, end }: { task?: Task; end?: "privacy" | "rounds" } = {},
): Promise<LogEntry[]> {
  const id = await taskId(task);
  const plan = await planDigest(task);
  const events: LogEvent[] = [{ kind: "created", model: model(0) }];
  let version = 0;
  for (const [at, { kind, spent }] of rounds.entries()) {
    const [round, base] = [at + 1, model(version)];
    const session = { task: id, round, plan, model: base.digest, roster: hex32(1) };
    const sid = await sessionId({ ...session, beacon: hex32(round) });
    const facts = {
      ...{ round, sid, roster: hex32(1), beacon: hex32(round), base },
      ...{ sample: { threshold: 1, asked: 5, enough: 100 }, abstained: 0, updates: 3, clients: 4 },
      ...(spent && { spent }),
    };
    if (kind === "abandoned") events.push({ ...facts, kind, reason: "sum-refused" });
    else {
      version++;
      const sums = { members: hex32(2), sum: hex32(3), metrics: {} };
      events.push({ ...facts, kind, ...sums, model: model(version) });
    }
  }
  if (end) {
    events.push({ kind: "finished", round: rounds.length, model: model(version), reason: end });
  }
  const entries: LogEntry[] = [];
  for (const event of events) {
    const last = entries.at(-1);
    entries.push(await appendToLog(event, { last, task: id, atMs: 5, identity: owner }));
  }
  return entries;
}

const check = (entries: readonly unknown[], options: Partial<VerifyLogOptions> = {}) =>
  verifyLog(entries, {
    ...{ task: PRIVATE, signer: toBase64Url(owner.publicKey), spentAfter: after },
    ...options,
  });

const cost = (sums: number, epsilon = after(sums)): LoggedSpend => ({ sums, epsilon });

Deno.test("spent: a log that tells what each sum cost verifies, and says what is spent in all", async () => {
  const entries = await logOf([
    { kind: "published", spent: cost(1) },
    { kind: "abandoned" },
    { kind: "abandoned", spent: cost(2) },
    { kind: "published", spent: cost(3) },
  ], { end: "privacy" });
  const { spent, finished, rounds } = await check(entries);
  assert.deepEqual({ spent, finished, rounds }, {
    ...{ spent: cost(3), finished: "privacy", rounds: 2 },
  });
  assert.ok(cost(3).epsilon <= 6 && cost(3).epsilon > 5.98);
});

Deno.test("spent: a log that leaves out, belittles or repeats what was spent is refused", async () => {
  const bad: [Parameters<typeof logOf>[0], RegExp][] = [
    [[{ kind: "published" }], /entry 1: its sum was opened, expected what that has spent/],
    [[{ kind: "published", spent: cost(1, after(1) * 0.999) }], /entry 1: it has spent ε = /],
    [[{ kind: "published", spent: cost(2) }], /its opened sums is 2, expected 1/],
    [
      [{ kind: "published", spent: cost(1) }, { kind: "published", spent: cost(1) }],
      /entry 2: its opened sums is 1, expected 2/,
    ],
    [
      [
        ...[1, 2].map((sums) => ({ kind: "published", spent: cost(sums) } as const)),
        ...[3, 4].map((sums) => ({ kind: "abandoned", spent: cost(sums) } as const)),
      ],
      /entry 4: it has spent ε = \S+, expected at most 6/,
    ],
  ];
  for (const [rounds, message] of bad) {
    await assert.rejects(async () => await check(await logOf(rounds)), {
      ...{ code: "log-invalid", message },
    });
  }
});

Deno.test("spent: what promised nothing spends nothing, and does not end by it", async () => {
  const task = FREE as Task;
  const spending = await logOf([{ kind: "published", spent: cost(1) }], { task });
  await assert.rejects(() => check(spending, { task }), /it tells of a spend, expected none/);
  const ended = await logOf([{ kind: "published" }], { task, end: "privacy" });
  await assert.rejects(() => check(ended, { task }), /which the task promises nothing about/);
});

Deno.test("spent: a task does not end by privacy while there is room for another sum", async () => {
  const early = await logOf([{ kind: "published", spent: cost(1) }], { end: "privacy" });
  await assert.rejects(() => check(early), /though another sum spends ε = \S+ in all/);
});

Deno.test("spent: the log of a private task is not checked without its accountant", async () => {
  const entries = await logOf([{ kind: "published", spent: cost(1) }]);
  const bare = { task: PRIVATE, signer: toBase64Url(owner.publicKey) };
  await assert.rejects(() => verifyLog(entries, bare), /expected spentAfter/);
});
