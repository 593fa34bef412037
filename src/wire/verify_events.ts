/**
 * What has to follow from what in a round log.
 *
 * @module
 */
import type { Digest } from "../core/digest.ts";
import type { LogEvent, LoggedRound, LoggedSpend } from "./log.ts";
import { isOpened } from "./log_groups.ts";
import type { FinishReason, ModelInfo } from "./round_info.ts";
import { sessionId } from "./session_id.ts";
import type { Task } from "./task.ts";
import { checkGroups, checkOpened, checkSample, expectEqual, refuse } from "./verify_sum.ts";

/** Everything learned from the entries so far. */
export interface Progress {
  /** Whether a root or a region keeps the log. */
  readonly role: "root" | "region";
  /** Number of the last round that it speaks of; 0 before the first. */
  readonly lastRound: number;
  /** Rounds that published a model, or at a region, that were forwarded. */
  readonly rounds: number;
  /** Rounds that were abandoned. */
  readonly abandoned: number;
  /** Clients in all those sums together. */
  readonly clients: number;
  /** The latest model. */
  readonly model: ModelInfo | undefined;
  /** Why the task ended. */
  readonly finished: FinishReason | undefined;
  /** What a private task has spent. */
  readonly spent: LoggedSpend | undefined;
}

/** What an event is checked against. */
export interface Ground {
  /** The checked task. */
  readonly task: Task;
  /** Its digest. */
  readonly id: string;
  /** {@link planDigest} of it. */
  readonly plan: string;
  /** What a private task has spent after so many opened sums. */
  readonly spentAfter: ((sums: number) => number) | undefined;
  /** SHA-256. */
  readonly digest: Digest;
}

/** What the entries say once one more has been read: its event has to follow from those before it. */
export async function followEvent(
  progress: Progress | undefined,
  event: LogEvent,
  ground: Ground,
): Promise<Progress> {
  const next = progress === undefined ? begin(event) : follow(progress, event, ground);
  if ("sid" in event) await checkSid(event, ground);
  if (event.kind === "published") await checkOpened(event, ground);
  return next;
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
  // A key may have to be changed whenever it leaks; whose it was is the link's to check.
  if (event.kind === "rekeyed") return progress;
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
