/**
 * Watching a task from outside: its rounds by the long poll, its models by the log.
 *
 * @module
 */
import type { LogEvent } from "../../wire/log.ts";
import type { Peer } from "../../wire/peer.ts";
import type { FinishedTask, OpenRound } from "../../wire/round_info.ts";
import { MAX_WAIT_S } from "../../wire/routes.ts";

/** What the watcher hears of. */
export interface Watcher {
  /** A round is open. */
  opened(round: OpenRound): void;
  /** A round is over, with or without a model. */
  closed(event: ClosedRound): void | Promise<void>;
}

/** The end of a round, as the root's log has it. */
export type ClosedRound = Extract<LogEvent, { readonly kind: "published" | "abandoned" }>;

/** What is watched. */
export interface WatchOptions {
  /** The root. */
  readonly peer: Peer;
  /** Digest of the task. */
  readonly task: string;
  /** The task's plan, which rounds must bind. */
  readonly plan: string;
  /** Ends the watch. */
  readonly signal: AbortSignal;
}

/** Watches until the task is finished, and gives its end. */
export async function watchTask(
  { peer, task, plan, signal }: WatchOptions,
  watcher: Watcher,
): Promise<FinishedTask> {
  let from = 0;
  for (let after = 0;;) {
    const info = await peer.round(task, { after, waitS: MAX_WAIT_S, plan, signal });
    if (info === undefined) continue;
    for (;;) {
      const page = await peer.log(task, { from, signal });
      for (const { body: { event } } of page.entries) {
        if (event.kind === "published" || event.kind === "abandoned") await watcher.closed(event);
      }
      from = page.next;
      if (page.entries.length === 0) break;
    }
    if (info.kind === "finished") return info;
    after = info.round;
    watcher.opened(info);
  }
}
