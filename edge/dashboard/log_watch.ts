/**
 * An aggregator's own log, read on as it grows: each entry is checked once, and told as figures.
 *
 * @module
 */
import { type Digest } from "../../src/core/digest.ts";
import { isTributaryError } from "../../src/core/errors.ts";
import { taskSpend } from "../../src/update/private_plan.ts";
import { type LogEntry, MAX_LOG_PAGE } from "../../src/wire/log.ts";
import { createLogVerifier, type LogVerifier } from "../../src/wire/verify_log.ts";
import type { ObservedTask } from "../observer.ts";
import { type History, NO_HISTORY, withEntry } from "./history.ts";

/** What came of checking a log. */
export type Verdict =
  /** Every entry follows from the task and those before it. */
  | {
    readonly kind: "good";
    /** Number of entries. */
    readonly entries: number;
    /** Hash of the last one, hex. */
    readonly head: string;
    /** Key that the last one is signed by, base64url. */
    readonly keeper: string;
  }
  /** One does not; those after it were not looked at. */
  | { readonly kind: "bad"; readonly entries: number; readonly fault: string };

/** What a log says so far. */
export interface LogView {
  /** The rounds. */
  readonly history: History;
  /** The latest entries, newest first. */
  readonly recent: readonly LogEntry[];
  /** Whether it can be trusted; undefined before the first entry. */
  readonly verdict: Verdict | undefined;
}

/** Reads a log on. */
export interface LogWatch {
  /** What it says by now. */
  look(): Promise<LogView>;
}

/** Entries that are shown. */
const RECENT = 8;

/** Nothing was read yet. */
export function watchLog(task: ObservedTask, digest: Digest): LogWatch {
  let view: LogView = { history: NO_HISTORY, recent: [], verdict: undefined };
  let next = 0;
  let verifier: LogVerifier | undefined;
  let looking: Promise<void> | undefined;

  async function readOn(): Promise<void> {
    for (;;) {
      const page = await task.log(next, MAX_LOG_PAGE);
      for (const entry of page.entries) {
        const verdict = await check(entry);
        const recent = [entry, ...view.recent].slice(0, RECENT);
        view = { history: withEntry(view.history, entry.body), recent, verdict };
        next++;
      }
      if (page.entries.length < MAX_LOG_PAGE) return;
    }
  }

  async function check(entry: LogEntry): Promise<Verdict> {
    if (view.verdict?.kind === "bad") return view.verdict;
    try {
      verifier ??= createLogVerifier(await ground());
      await verifier.add(entry);
      const { head, keeper } = await verifier.summary();
      return { kind: "good", entries: next + 1, head, keeper };
    } catch (error) {
      if (!isTributaryError(error)) throw error;
      return { kind: "bad", entries: next, fault: error.message };
    }
  }

  async function ground() {
    const spend = taskSpend(task.offer.task);
    return {
      ...{ task: task.offer.task, digest, signer: await firstKeeper(task) },
      ...(spend && { spentAfter: spend.after }),
    };
  }

  return {
    async look() {
      // Of two that look at once one reads, so that each entry is checked once.
      looking ??= readOn().finally(() => looking = undefined);
      await looking;
      return view;
    },
  };
}

/** Who signed the first entry: who signs now, unless a change of keys says who did before. */
async function firstKeeper(task: ObservedTask): Promise<string> {
  for (let from = 0;;) {
    const { entries, next } = await task.log(from, MAX_LOG_PAGE);
    for (const { body: { event } } of entries) if (event.kind === "rekeyed") return event.from;
    if (entries.length < MAX_LOG_PAGE) return task.offer.region.publicKey;
    from = next;
  }
}
