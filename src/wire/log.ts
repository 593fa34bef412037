/**
 * The round log: append-only, each entry holding the hash of the one before it and a signature, so
 * that anyone can check which model came from how many updates under which task.
 *
 * @module
 */
import * as v from "valibot";
import { toBase64Url, toHex } from "../core/bytes.ts";
import { type Digest, webDigest } from "../core/digest.ts";
import type { Identity } from "../core/identity.ts";
import { sealed } from "./domain.ts";
import { groupsSchema, type LoggedGroup } from "./log_groups.ts";
import { MAX_CLIENTS } from "./party.ts";
import {
  type FinishReason,
  finishReasonSchema,
  type ModelInfo,
  modelInfoSchema,
} from "./round_info.ts";
import { type SampleFacts, sampleFactsSchema } from "./sampling.ts";
import {
  hexDigestSchema,
  key32Schema,
  metricMeansSchema,
  roundNumberSchema,
  signatureSchema,
  timeMsSchema,
  wholeSchema,
} from "./scalars.ts";

/** Why a round ended without a model. */
export type AbandonReason =
  /** At the deadline, too few clients were in the sum. */
  | "too-few-clients"
  /** The sum could not be decoded or stepped from, or was not the one that was sealed. */
  | "sum-refused"
  /** Too few clients were in the groups whose sums could be opened. */
  | "too-few-opened"
  /** The parent did not take this region's sum. */
  | "parent-refused"
  /** Nobody below this region had anything to send. */
  | "nothing-to-send"
  /** The parent went on to another round before this one was forwarded. */
  | "superseded";

/** Every {@link AbandonReason}. */
const ABANDON_REASONS: readonly AbandonReason[] = [
  "too-few-clients",
  "sum-refused",
  "too-few-opened",
  "parent-refused",
  "nothing-to-send",
  "superseded",
];

/** What a log entry knows about the round it speaks of. */
export interface LoggedRound {
  /** Number of the round. */
  readonly round: number;
  /** Session id; {@link sessionId} gives it from the other fields. */
  readonly sid: string;
  /** Root's roster when the round opened: Merkle root, hex. */
  readonly roster: string;
  /** 32 random bytes of the root, hex. */
  readonly beacon: string;
  /** The model that the round started from. */
  readonly base: ModelInfo;
  /** How it was sampled here. */
  readonly sample: SampleFacts;
  /** Members that said they had nothing to send. */
  readonly abstained: number;
  /** Updates in the sum. */
  readonly updates: number;
  /** Clients in the sum. */
  readonly clients: number;
}

/** What a private task has spent once a round's sum was opened. */
export interface LoggedSpend {
  /** Rounds so far whose sum was opened, whether or not a model came of it. */
  readonly sums: number;
  /** `ε` of all of them together, at the task's `δ`. */
  readonly epsilon: number;
}

/** What is told of a sum as it is opened. */
export interface Spent extends LoggedSpend {
  /** Whether another sum would cost more than the task may spend. */
  readonly isOver: boolean;
}

const spentSchema = v.exactOptional(v.pipe(
  v.strictObject({
    sums: wholeSchema(1, Number.MAX_SAFE_INTEGER, "Rounds so far whose sum was opened"),
    epsilon: v.pipe(
      v.number(),
      v.minValue(0),
      v.maxValue(Number.MAX_VALUE),
      v.description("Privacy budget that all of them together have spent"),
    ),
  }),
  v.description("What a private task has spent so far"),
));

/** What happened. */
export type LogEvent =
  /** First entry of a root: the task began with this model. */
  | { readonly kind: "created"; readonly model: ModelInfo }
  /** First entry of a region: it took up its parent's task. */
  | { readonly kind: "joined"; readonly parent: string }
  /**
   * A root published a model. `members`: Merkle root of who is in the sum; `sum`: its tree digest. Of a
   * masked round both are {@link groupsDigest} of the groups that were opened, and `updates` and
   * `clients` count those groups alone.
   */
  | LoggedRound & {
    readonly kind: "published";
    readonly members: string;
    readonly sum: string;
    readonly groups?: readonly LoggedGroup[];
    readonly model: ModelInfo;
    readonly metrics: Readonly<Record<string, number>>;
    /** What a private task has spent with it. */
    readonly spent?: LoggedSpend;
  }
  /** A region's sum was taken by its parent. */
  | LoggedRound & { readonly kind: "forwarded"; readonly members: string; readonly sum: string }
  /** A round ended without a model. */
  | LoggedRound & {
    readonly kind: "abandoned";
    readonly reason: AbandonReason;
    readonly groups?: readonly LoggedGroup[];
    /** What a private task has spent with it, where its sum was opened. */
    readonly spent?: LoggedSpend;
  }
  /**
   * Who keeps the log changes its key: the last entry that the old key signs. Both are raw public keys,
   * base64url.
   */
  | { readonly kind: "rekeyed"; readonly from: string; readonly to: string }
  /** The task ended with this model. */
  | {
    readonly kind: "finished";
    readonly round: number;
    readonly model: ModelInfo;
    readonly reason: FinishReason;
  };

const loggedRound = {
  round: roundNumberSchema,
  sid: hexDigestSchema,
  roster: hexDigestSchema,
  beacon: hexDigestSchema,
  base: modelInfoSchema,
  sample: sampleFactsSchema,
  abstained: wholeSchema(0, MAX_CLIENTS, "Members that said they had nothing to send"),
  updates: wholeSchema(0, MAX_CLIENTS, "Updates in the sum"),
  clients: wholeSchema(0, MAX_CLIENTS, "Clients in the sum"),
};

/** Schema of {@link LogEvent}. */
const logEventSchema: v.GenericSchema<LogEvent> = v.variant("kind", [
  v.strictObject({ kind: v.literal("created"), model: modelInfoSchema }),
  v.strictObject({ kind: v.literal("joined"), parent: key32Schema }),
  v.strictObject({
    kind: v.literal("published"),
    ...loggedRound,
    members: hexDigestSchema,
    sum: hexDigestSchema,
    groups: groupsSchema,
    model: modelInfoSchema,
    metrics: metricMeansSchema,
    spent: spentSchema,
  }),
  v.strictObject({
    kind: v.literal("forwarded"),
    ...loggedRound,
    members: hexDigestSchema,
    sum: hexDigestSchema,
  }),
  v.strictObject({
    kind: v.literal("abandoned"),
    ...loggedRound,
    reason: v.picklist(ABANDON_REASONS),
    groups: groupsSchema,
    spent: spentSchema,
  }),
  v.strictObject({ kind: v.literal("rekeyed"), from: key32Schema, to: key32Schema }),
  v.strictObject({
    kind: v.literal("finished"),
    round: wholeSchema(0, Number.MAX_SAFE_INTEGER, "Number of the last round"),
    model: modelInfoSchema,
    reason: finishReasonSchema,
  }),
]);

/** What an entry's hash and signature cover. */
export interface LogBody {
  /** Place in the log, from 0. */
  readonly seq: number;
  /** Hash of the entry before, hex; 64 zeros in the first. */
  readonly prev: string;
  /** Digest of the task. */
  readonly task: string;
  /** When it was written, on the writer's clock. */
  readonly atMs: number;
  /** What happened. */
  readonly event: LogEvent;
}

/** One signed entry. */
export interface LogEntry {
  /** What it says. */
  readonly body: LogBody;
  /** SHA-256 of the bytes that are signed, hex. */
  readonly hash: string;
  /** Over `"tributary/log/1\n"` and the canonical JSON of the body. */
  readonly signature: string;
}

/** Schema of {@link LogEntry}. */
export const logEntrySchema: v.GenericSchema<LogEntry> = v.pipe(
  v.strictObject({
    body: v.strictObject({
      seq: wholeSchema(0, Number.MAX_SAFE_INTEGER, "Place in the log, from 0"),
      prev: hexDigestSchema,
      task: hexDigestSchema,
      atMs: timeMsSchema,
      event: logEventSchema,
    }),
    hash: hexDigestSchema,
    signature: signatureSchema,
  }),
  v.description("One signed entry of the round log"),
);

/** Most entries of one page. */
export const MAX_LOG_PAGE = 1000;

/** A run of entries. */
export interface LogPage {
  /** In order of `seq`, without gaps. */
  readonly entries: readonly LogEntry[];
  /** `seq` to ask for next; the length of the log when this page ends it. */
  readonly next: number;
}

/** Schema of {@link LogPage}. */
export const logPageSchema: v.GenericSchema<LogPage> = v.pipe(
  v.strictObject({
    entries: v.pipe(v.array(logEntrySchema), v.maxLength(MAX_LOG_PAGE)),
    next: wholeSchema(0, Number.MAX_SAFE_INTEGER, "Place of the entry to ask for next"),
  }),
  v.description("A run of the round log"),
);

/** `prev` of the first entry. */
export const LOG_START: string = "0".repeat(64);

/** What {@link appendToLog} needs besides the event. */
export interface AppendOptions {
  /** The last entry; undefined in an empty log. */
  readonly last: LogEntry | undefined;
  /** Digest of the task. */
  readonly task: string;
  /** The time now. */
  readonly atMs: number;
  /** Who keeps the log. */
  readonly identity: Identity;
  /** SHA-256; WebCrypto's by default. */
  readonly digest?: Digest;
}

/** The signed entry that follows `last` and says `event`. */
export async function appendToLog(event: LogEvent, options: AppendOptions): Promise<LogEntry> {
  const { last, task, atMs, identity, digest = webDigest } = options;
  const body: LogBody = {
    seq: last === undefined ? 0 : last.body.seq + 1,
    prev: last?.hash ?? LOG_START,
    task,
    atMs,
    event,
  };
  const bytes = sealed("log", body);
  const [hash, signature] = await Promise.all([digest(bytes), identity.sign(bytes)]);
  return { body, hash: toHex(hash), signature: toBase64Url(signature) };
}
