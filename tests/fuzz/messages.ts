/**
 * One of each message that travels as JSON, signed where it is, by keys that are the same in every run.
 *
 * @module
 */
import { toBase64Url, toHex } from "../../src/core/bytes.ts";
import { encodeAnswer } from "../../src/wire/helper_answer.ts";
import type { AskHead } from "../../src/wire/helper_head.ts";
import { type HelperKeys, signHelperKeys } from "../../src/wire/helper_keys.ts";
import { appendToLog, type LogEntry } from "../../src/wire/log.ts";
import type { MaskPlan } from "../../src/wire/mask_plan.ts";
import type { Enrolment, Membership, Party } from "../../src/wire/party.ts";
import { type Receipt, signReceipt } from "../../src/wire/receipt.ts";
import type { RoundInfo } from "../../src/wire/round_info.ts";
import type { Status } from "../../src/wire/status.ts";
import { type SignedTask, signTask, type Task, taskId } from "../../src/wire/task.ts";
import { SAMPLE_TASK } from "../../src/wire/_testing.ts";
import { bytes32, fixedIdentity } from "./keys.ts";

const root = await fixedIdentity(1);
const helper = await fixedIdentity(2);

function hex(byte: number): string {
  return toHex(bytes32(byte));
}

/** A plan of each scheme. */
const MASKS: readonly MaskPlan[] = [
  { kind: "none" },
  {
    kind: "kahe1",
    helpers: [1, 2, 3, 4, 5].map((byte) => ({
      url: `https://h${byte}.example/x`,
      key: toBase64Url(bytes32(byte)),
      identity: toBase64Url(bytes32(10 + byte)),
    })),
    threshold: 4,
    colluding: 2,
    min: 2,
    groups: 3,
  },
  { kind: "secagg_plus", neighbours: 99, threshold: 39, min: 2 },
];

/** Tasks of each scheme, with all that a task may say. */
export const TASKS: readonly Task[] = MASKS.map((mask, at) => ({
  ...SAMPLE_TASK,
  mask,
  sampling: at === 0 ? { kind: "uniform", count: 20, overSelect: 1.5 } : { kind: "all" },
  stop: {
    rounds: 3,
    target: { metric: "hr@10", value: 0.5 },
    patience: { metric: "ndcg@10", rounds: 5 },
  },
}));

/** A task that promises privacy. */
export const PRIVATE_TASK: Task = {
  ...SAMPLE_TASK,
  privacy: {
    ...{ epsilon: 4, delta: 1e-6, clip: 0.5, noise: 3, extras: 0.1, scale: 1000 },
    mechanism: {
      ...{ kind: "ftrl", decay: [0.9, 0.5], weight: [0.1, 0.2], separation: 3 },
      participations: 2,
    },
    adaptiveClip: { quantile: 0.5, rate: 0.2, countNoise: 10 },
  },
};

/** Those under their owner's signature. */
export const SIGNED_TASKS: readonly SignedTask[] = await Promise.all(
  TASKS.map((task) => signTask(task, root)),
);

/** A signer. */
export const PARTY: Party = { id: root.id, publicKey: toBase64Url(root.publicKey) };

const model = { version: 2, digest: hex(4), bytes: 4096 };

/** An open round and the end of a task. */
export const ROUNDS: readonly RoundInfo[] = [
  {
    kind: "open",
    task: hex(1),
    round: 3,
    sid: hex(2),
    roster: hex(3),
    beacon: hex(5),
    model,
    threshold: 0.5,
    share: { clients: 10, enough: 8 },
    group: 1,
    openedAtMs: 1_700_000_000_000,
    deadlineMs: 1_700_000_060_000,
    nowMs: 1_700_000_000_500,
  },
  { kind: "finished", task: hex(1), round: 3, model, reason: "patience" },
];

/** What a region says of itself. */
export const STATUS: Status = {
  ...{ task: hex(1), role: "root", phase: "open", round: 3, model, members: 4, size: 40 },
  ...{ updates: 2, clients: 12, bytesIn: 9000, deadlineMs: 1_700_000_060_000, nowMs: 1e12 },
};

/** A receipt. */
export const RECEIPT: Receipt = await signReceipt({
  ...{ task: hex(1), round: 3, sid: hex(2), member: helper.id, digest: hex(6), clients: 1 },
  ...{ position: 7, region: root.id },
}, root);

/** Words of members. */
export const ENROLMENTS: readonly Enrolment[] = [
  { kind: "client", publicKey: toBase64Url(bytes32(7)), size: 1 },
  { kind: "region", publicKey: toBase64Url(bytes32(8)), size: 30 },
];

/** The answer to one. */
export const MEMBERSHIP: Membership = {
  ...{ task: hex(1), member: helper.id, kind: "region", size: 30, region: PARTY },
};

/** What a helper is asked. */
export const ASK: AskHead = {
  ...{ task: hex(1), round: 3, group: 0, sid: hex(2), model: hex(4), beacon: hex(5), helper: 2 },
  ...{ roster: 4, nodes: 3, bytes: 900, clients: 12, members: hex(9) },
};

/** What it answers: for {@link ASK}, with a share of 32 bytes. */
export const ANSWER: Uint8Array = await encodeAnswer(
  {
    ...{ task: ASK.task, round: 3, sid: ASK.sid, helper: 2, clients: 12, members: ASK.members },
  },
  bytes32(11),
  { identity: helper },
);

/** Its raw public key. */
export const HELPER_KEY: Uint8Array = helper.publicKey;

/** Its keys. */
export const HELPER_KEYS: HelperKeys = await signHelperKeys([bytes32(1), bytes32(2)], helper);

/** A log of {@link TASKS}' first. */
export const LOG: readonly LogEntry[] = await logOf();

async function logOf(): Promise<LogEntry[]> {
  const [task] = TASKS;
  if (task === undefined) throw new RangeError("there is no task");
  const options = { task: await taskId(task), identity: root, atMs: 1_700_000_000_000 };
  const created = await appendToLog({ kind: "created", model: { ...model, version: 0 } }, {
    ...options,
    last: undefined,
  });
  const finished = await appendToLog(
    { kind: "finished", round: 0, model: { ...model, version: 0 }, reason: "target" },
    { ...options, last: created },
  );
  return [created, finished];
}

/** What a log may say of a round whose groups were opened, or not. */
export const GROUPS_ENTRY: LogEntry = await appendToLog({
  ...{ kind: "published", round: 3, sid: hex(2), roster: hex(3), beacon: hex(5), base: model },
  sample: { threshold: 1, asked: 90, enough: 80 },
  ...{ abstained: 1, updates: 4, clients: 40, members: hex(6), sum: hex(7) },
  groups: [
    ...[0, 1].map((group) => ({
      ...{ group, updates: 2, clients: 20, members: hex(6), sum: hex(7) },
      outcome: group === 0 ? "opened" as const : "noise-excessive" as const,
    })),
  ],
  model: { ...model, version: 3 },
  metrics: { loss: 0.5 },
}, { task: hex(1), identity: root, atMs: 1_700_000_000_000, last: undefined });
