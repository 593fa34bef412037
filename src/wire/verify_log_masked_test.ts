import assert from "node:assert/strict";
import { toBase64Url } from "../core/bytes.ts";
import { isTributaryError } from "../core/errors.ts";
import { generateIdentity } from "../core/identity.ts";
import { hex32, SAMPLE_TASK } from "./_testing.ts";
import { appendToLog, type LogEntry, type LogEvent } from "./log.ts";
import { groupsDigest, type LoggedGroup } from "./log_groups.ts";
import { planDigest, sessionId } from "./session_id.ts";
import { type Task, taskId } from "./task.ts";
import { verifyLog } from "./verify_log.ts";

const helpers = [1, 2, 3].map((at) => ({
  url: `https://helper-${at}.example`,
  key: toBase64Url(new Uint8Array(32).fill(at)),
  identity: toBase64Url(new Uint8Array(32).fill(16 + at)),
}));
/** Groups of at least 3 clients, 5 of which publish; at most 4 groups. */
const TASK: Task = {
  ...SAMPLE_TASK,
  clients: { min: 5, max: 100 },
  mask: { kind: "kahe1", helpers, threshold: 3, colluding: 1, min: 3, groups: 4 },
};
const owner = await generateIdentity();
const model = (version: number) => ({ version, digest: hex32(0x80 + version), bytes: 100 });

function group(number: number, change: Partial<LoggedGroup> = {}): LoggedGroup {
  return {
    ...{ group: number, updates: 2, clients: 3, outcome: "opened" },
    ...{ members: hex32(0x20 + number), sum: hex32(0x30 + number) },
    ...change,
  } as LoggedGroup;
}

/** A published round of these groups, whose counts and digests follow from those that were opened. */
async function published(
  groups: readonly LoggedGroup[] | undefined,
  change: Partial<Extract<LogEvent, { kind: "published" }>> = {},
  task: Task = TASK,
): Promise<LogEvent> {
  const opened = (groups ?? []).filter(({ outcome }) => outcome === "opened");
  const session = { task: await taskId(task), round: 1, plan: await planDigest(task) };
  const [roster, beacon] = [hex32(1), hex32(2)];
  const sid = await sessionId({ ...session, model: model(0).digest, roster, beacon });
  return {
    ...{ kind: "published", round: 1, sid, roster, beacon, base: model(0) },
    sample: { threshold: 1, asked: 20, enough: 100 },
    abstained: 0,
    updates: opened.reduce((sum, { updates }) => sum + updates, 0),
    clients: opened.reduce((sum, { clients }) => sum + clients, 0),
    sum: await groupsDigest(opened.map(({ sum }) => sum)),
    members: await groupsDigest(opened.map(({ members }) => members)),
    ...{ model: model(1), metrics: {} },
    ...(groups && { groups }),
    ...change,
  };
}

async function check(event: LogEvent, task: Task = TASK) {
  const entries: LogEntry[] = [];
  for (const said of [{ kind: "created", model: model(0) }, event] as const) {
    const last = entries.at(-1);
    entries.push(
      await appendToLog(said, { last, task: await taskId(task), atMs: 5, identity: owner }),
    );
  }
  return await verifyLog(JSON.parse(JSON.stringify(entries)), {
    task,
    signer: toBase64Url(owner.publicKey),
  });
}

Deno.test("masked log: the model is of the groups that were opened, and lost ones are named", async () => {
  const groups = [group(0), group(1, { outcome: "noise-excessive" }), group(3, { clients: 4 })];
  const { clients, rounds } = await check(await published(groups));
  assert.deepEqual({ clients, rounds }, { clients: 7, rounds: 1 });
});

for (
  const [what, event, says] of [
    [
      "does not tell its groups",
      published(undefined, { updates: 4, clients: 6 }),
      /does not tell its groups/,
    ],
    ["tells a group twice", published([group(1), group(1)]), /group 1 follows group 1/],
    ["tells groups in another order", published([group(1), group(0)]), /group 0 follows group 1/],
    [
      "has a group too many",
      published([group(0), group(4)]),
      /a group 4, expected at most 4 groups/,
    ],
    [
      "opened a group that is too small",
      published([group(0), group(1, { clients: 2 })]),
      /group 1 was opened for 2 clients, expected at least 3/,
    ],
    [
      "counts clients of a group that was lost",
      published([group(0), group(1, { outcome: "shares-missing" }), group(2)], { clients: 9 }),
      /its clients is 9, expected 6/,
    ],
    ["counts other updates", published([group(0), group(1)], { updates: 5 }), /its updates is 5/],
    ["has another sum", published([group(0), group(1)], { sum: hex32(3) }), /its sum is 03/],
    [
      "has other members",
      published([group(0), group(1)], { members: hex32(3) }),
      /its members is 03/,
    ],
    ["has too few clients left", published([group(0)]), /3 clients are in it, expected at least 5/],
    [
      "names an outcome that there is not",
      published([group(0), group(1, { outcome: "bad-luck" as "opened" })]),
      /at body.event.groups.1.outcome/,
    ],
  ] as const
) {
  Deno.test(`masked log: a published round that ${what} is refused`, async () => {
    await assert.rejects(check(await event), (error) => {
      assert.ok(isTributaryError(error, "log-invalid"), String(error));
      assert.match(error.message, says);
      return true;
    });
  });
}

Deno.test("masked log: a round that is not masked has no groups", async () => {
  const plain: Task = { ...TASK, mask: { kind: "none" } };
  await check(await published(undefined, { updates: 3, clients: 5 }, plain), plain);
  await assert.rejects(
    check(await published([group(0), group(1)], {}, plain), plain),
    /expected none without masking/,
  );
});

Deno.test("masked log: an abandoned round may say what became of its groups", async () => {
  const { kind: _kind, model: _model, metrics: _metrics, sum: _sum, members: _members, ...rest } =
    await published([]) as Extract<LogEvent, { kind: "published" }>;
  const lost = (groups: readonly LoggedGroup[]): LogEvent => ({
    ...{ ...rest, kind: "abandoned", updates: 4, clients: 6, reason: "too-few-opened", groups },
  });
  const summary = await check(lost([group(0), group(1, { outcome: "shares-missing" })]));
  assert.deepEqual([summary.abandoned, summary.model], [1, model(0)]);
  await assert.rejects(check(lost([group(1), group(0)])), /group 0 follows group 1/);
});
