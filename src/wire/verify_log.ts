/**
 * Checking a round log from its first entry to its last, without trusting who keeps it.
 *
 * @module
 */
import { fromBase64Url, toHex } from "../core/bytes.ts";
import { type Digest, webDigest } from "../core/digest.ts";
import { isTributaryError, TributaryError } from "../core/errors.ts";
import { sealed, verifySealed } from "./domain.ts";
import {
  LOG_START,
  type LogEntry,
  logEntrySchema,
  type LogEvent,
  type LoggedRound,
  type LoggedSpend,
} from "./log.ts";
import { isOpened } from "./log_groups.ts";
import { readMessage } from "./message.ts";
import type { FinishReason, ModelInfo } from "./round_info.ts";
import { planDigest, sessionId } from "./session_id.ts";
import { type Task, taskId } from "./task.ts";
import { checkGroups, checkOpened, checkSample, expectEqual, refuse } from "./verify_sum.ts";

/** What a log is checked against. */
export interface VerifyLogOptions {
  /** The checked task that the log should be of. */
  readonly task: Task;
  /** Public key of who keeps the log, base64url: the task's owner for a root's. */
  readonly signer: string;
  /**
   * Hash of the last entry, if known from elsewhere. A log cut short at its end is a log too, so only
   * this shows that nothing is missing there.
   */
  readonly head?: string;
  /**
   * What a private task has spent after so many opened sums, as `spentAfter` of the task gives it; a log
   * of such a task cannot be checked without.
   */
  readonly spentAfter?: (sums: number) => number;
  /** SHA-256; WebCrypto's by default. */
  readonly digest?: Digest;
}

/** What a good log says in all. */
export interface LogSummary {
  /** Whether a root or a region keeps it. */
  readonly role: "root" | "region";
  /** Number of entries. */
  readonly entries: number;
  /** Rounds that published a model, or at a region, that were forwarded. */
  readonly rounds: number;
  /** Rounds that were abandoned. */
  readonly abandoned: number;
  /** Clients in all those sums together. */
  readonly clients: number;
  /** The latest model; undefined in a region's log without a round. */
  readonly model: ModelInfo | undefined;
  /** Why the task ended; undefined while it goes on. */
  readonly finished: FinishReason | undefined;
  /** What a private task has spent; undefined before the first sum, of other tasks and of regions. */
  readonly spent: LoggedSpend | undefined;
  /** Hash of the last entry, to compare with what others were shown. */
  readonly head: string;
}

/** Everything learned from the entries so far. */
interface Progress {
  readonly role: "root" | "region";
  readonly lastRound: number;
  readonly rounds: number;
  readonly abandoned: number;
  readonly clients: number;
  readonly model: ModelInfo | undefined;
  readonly finished: FinishReason | undefined;
  readonly spent: LoggedSpend | undefined;
}

/** What an event is checked against. */
interface Ground {
  readonly task: Task;
  readonly id: string;
  readonly plan: string;
  readonly spentAfter: ((sums: number) => number) | undefined;
  readonly digest: Digest;
}

/**
 * Checks every entry of a log: form, order, hash, signature, and that what it says follows from the
 * task and the entries before it.
 *
 * Each round has the sid of the model before it; a root's rounds are numbered without gaps, its
 * models too; a published round has at least `clients.min` and at most `clients.max` clients, and no
 * more than were asked, who are as many as the task samples; the groups of a masked round are of its
 * sum, of at least `mask.min` clients each; a private task has spent what its opened sums cost, and no more
 * than it may; nothing follows the end.
 *
 * @param entries Unknown data, one entry each, from the first.
 * @throws {TributaryError} `log-invalid`, naming the first entry that does not fit.
 */
export async function verifyLog(
  entries: readonly unknown[],
  options: VerifyLogOptions,
): Promise<LogSummary> {
  const { task, digest = webDigest, spentAfter } = options;
  const ground = {
    ...{ task, digest, spentAfter },
    id: await taskId(task, digest),
    plan: await planDigest(task, digest),
  };
  const signer = fromBase64Url(options.signer);
  let prev = LOG_START;
  let progress: Progress | undefined;
  for (const [seq, unknown] of entries.entries()) {
    try {
      const entry = readMessage(logEntrySchema, unknown, { what: "it", code: "log-invalid" });
      await checkLink(entry, { seq, prev, ground, signer });
      const { event } = entry.body;
      progress = progress === undefined ? begin(event) : follow(progress, event, ground);
      if ("sid" in event) await checkSid(event, ground);
      if (event.kind === "published") await checkOpened(event, ground);
      prev = entry.hash;
    } catch (error) {
      if (!isTributaryError(error, "log-invalid")) throw error;
      throw new TributaryError("log-invalid", `Cannot trust log entry ${seq}: ${error.message}`, {
        cause: error,
      });
    }
  }
  if (progress === undefined) {
    throw new TributaryError("log-invalid", "Cannot trust a log: it is empty, expected an entry");
  }
  if (options.head !== undefined && options.head !== prev) {
    throw new TributaryError(
      "log-invalid",
      `Cannot trust log entry ${entries.length - 1} as the last: its hash is ${prev}, ` +
        `expected ${options.head}`,
    );
  }
  const { lastRound: _, ...summary } = progress;
  return { ...summary, entries: entries.length, head: prev };
}

/** Place in the chain. */
interface Link {
  readonly seq: number;
  readonly prev: string;
  readonly ground: Ground;
  readonly signer: Uint8Array;
}

async function checkLink(entry: LogEntry, link: Link): Promise<void> {
  const { body, hash, signature } = entry;
  expectEqual("seq", body.seq, link.seq);
  expectEqual("prev", body.prev, link.prev);
  expectEqual("task", body.task, link.ground.id);
  expectEqual("hash", hash, toHex(await link.ground.digest(sealed("log", body))));
  if (!await verifySealed("log", body, signature, link.signer)) {
    refuse("its signature is not that of the log's keeper");
  }
}

function begin(event: LogEvent): Progress {
  const start = {
    ...{ lastRound: 0, rounds: 0, abandoned: 0, clients: 0 },
    ...{ finished: undefined, spent: undefined },
  };
  switch (event.kind) {
    case "created":
      expectEqual("model version", event.model.version, 0);
      return { ...start, role: "root", model: event.model };
    case "joined":
      return { ...start, role: "region", model: undefined };
    default:
      return refuse(`a log begins with "${event.kind}", expected "created" or "joined"`);
  }
}

function follow(progress: Progress, event: LogEvent, ground: Ground): Progress {
  if (progress.finished !== undefined) refuse(`"${event.kind}" follows the end of the task`);
  const { task } = ground;
  switch (event.kind) {
    case "created":
    case "joined":
      return refuse(`"${event.kind}" is not first`);
    case "published": {
      if (progress.role !== "root") refuse("a region published a model");
      checkRound(progress, event, task);
      expectEqual("model version", event.model.version, event.base.version + 1);
      if (event.model.version > task.stop.rounds) {
        refuse(`it is model ${event.model.version}, expected at most ${task.stop.rounds}`);
      }
      if (event.clients < task.clients.min) {
        refuse(`${event.clients} clients are in it, expected at least ${task.clients.min}`);
      }
      const unknown = Object.keys(event.metrics).find((name) => !task.metrics.includes(name));
      if (unknown !== undefined) refuse(`its metric "${unknown}" is not one of the task's`);
      return {
        ...progress,
        lastRound: event.round,
        rounds: progress.rounds + 1,
        clients: progress.clients + event.clients,
        model: event.model,
        spent: checkSpent(progress, event, ground),
      };
    }
    case "forwarded":
      if (progress.role !== "region") refuse("a root forwarded a sum");
      checkRound(progress, event, task);
      return {
        ...progress,
        lastRound: event.round,
        rounds: progress.rounds + 1,
        clients: progress.clients + event.clients,
        model: event.base,
      };
    case "abandoned":
      checkRound(progress, event, task);
      checkGroups(event.groups ?? [], task);
      return {
        ...progress,
        lastRound: event.round,
        abandoned: progress.abandoned + 1,
        model: event.base,
        spent: checkSpent(progress, event, ground),
      };
    case "finished":
      return finish(progress, event, ground);
    default:
      throw event satisfies never;
  }
}

function checkRound(progress: Progress, event: LoggedRound, task: Task): void {
  const { role, lastRound, model } = progress;
  if (role === "root") {
    expectEqual("round", event.round, lastRound + 1);
  } else if (event.round <= lastRound) {
    refuse(`its round is ${event.round}, expected one above ${lastRound}`);
  }
  const { base } = event;
  if (model !== undefined && (role === "root" || base.version <= model.version)) {
    expectEqual("base version", base.version, model.version);
    expectEqual("base digest", base.digest, model.digest);
    expectEqual("base length", base.bytes, model.bytes);
  }
  if (event.clients > task.clients.max) {
    refuse(`${event.clients} clients are in it, expected at most ${task.clients.max}`);
  }
  if (event.clients > 0 && event.updates === 0) {
    refuse(`${event.clients} clients are in it without an update`);
  }
  checkSample(role, event, task);
}

/** Room for runtimes whose logarithms differ in the last bit. */
const SAME_SPEND = 1e-9;

/** What is spent after a round. Of what costs a part in 10^9 more than told nobody could tell. */
function checkSpent(
  { role, spent }: Progress,
  event: Extract<LogEvent, { kind: "published" | "abandoned" }>,
  { task: { privacy }, spentAfter }: Ground,
): LoggedSpend | undefined {
  if (privacy === undefined || role === "region") {
    if (event.spent !== undefined) refuse("it tells of a spend, expected none");
    return undefined;
  }
  if (event.spent === undefined) {
    const isOwed = event.kind === "published" ||
      (event.groups !== undefined && isOpened(event.groups));
    return isOwed ? refuse("its sum was opened, expected what that has spent") : spent;
  }
  if (spentAfter === undefined) {
    throw new TypeError("Cannot check what a private task has spent: expected spentAfter");
  }
  const { sums, epsilon } = event.spent;
  expectEqual("opened sums", sums, (spent?.sums ?? 0) + 1);
  const expected = spentAfter(sums);
  if (!(Math.abs(epsilon - expected) <= SAME_SPEND * expected)) {
    refuse(`it has spent ε = ${epsilon}, expected ${expected} after ${sums} sums`);
  }
  if (epsilon > privacy.epsilon * (1 + SAME_SPEND)) {
    refuse(`it has spent ε = ${epsilon}, expected at most ${privacy.epsilon}`);
  }
  return event.spent;
}

/** Checks that another sum would have cost too much, or that a mechanism of one release was broken off. */
function checkSpentUp({ spent }: Progress, { task: { privacy }, spentAfter }: Ground): void {
  if (privacy === undefined) refuse('it ended by "privacy", which the task promises nothing about');
  if (privacy.mechanism.kind === "ftrl") return;
  if (spentAfter === undefined) {
    throw new TypeError("Cannot check what a private task has spent: expected spentAfter");
  }
  const next = spentAfter((spent?.sums ?? 0) + 1);
  if (next <= privacy.epsilon) {
    refuse(`it ended by "privacy" though another sum spends ε = ${next} in all, expected more`);
  }
}

function finish(
  progress: Progress,
  event: Extract<LogEvent, { kind: "finished" }>,
  ground: Ground,
): Progress {
  const { task } = ground;
  const { role, lastRound, model } = progress;
  if (role === "root") {
    expectEqual("round", event.round, lastRound);
    expectEqual("model version", event.model.version, model?.version ?? 0);
    expectEqual("model digest", event.model.digest, model?.digest ?? "");
  } else if (event.round < lastRound) {
    refuse(`its round is ${event.round}, expected at least ${lastRound}`);
  }
  if (event.reason === "privacy") {
    if (role === "root") checkSpentUp(progress, ground);
  } else if (task.stop[event.reason] === undefined) {
    refuse(`it ended by "${event.reason}", which the task does not stop by`);
  }
  if (event.reason === "rounds") {
    expectEqual("model version", event.model.version, task.stop.rounds);
  }
  return { ...progress, lastRound: event.round, model: event.model, finished: event.reason };
}

async function checkSid(event: LoggedRound, ground: Ground): Promise<void> {
  const { round, roster, beacon, base, sid } = event;
  const { id: task, plan, digest } = ground;
  const session = { task, round, model: base.digest, plan, roster, beacon };
  expectEqual("sid", sid, await sessionId(session, digest));
}
