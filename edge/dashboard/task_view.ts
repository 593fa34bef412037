/**
 * All that the page shows of a task, as data.
 *
 * @module
 */
import type { Digest } from "../../src/core/digest.ts";
import type { Status } from "../../src/wire/status.ts";
import type { Task } from "../../src/wire/task.ts";
import type { LogLine } from "../logger.ts";
import type { ObservedRound, ObservedTask } from "../observer.ts";
import { type LogView, watchLog } from "./log_watch.ts";
import { lateAfterMs, type StandingMember, standingsOf } from "./standing.ts";

/** Times of the open round. */
export interface OpenTimes {
  /** When it opened. */
  readonly openedAtMs: number;
  /** When it closes. */
  readonly deadlineMs: number;
  /** From when on those that are missing are late. */
  readonly lateAtMs: number;
}

/** What the page shows. */
export interface TaskView {
  /** Digest of the task. */
  readonly id: string;
  /** The task. */
  readonly task: Task;
  /** The owner's key, base64url. */
  readonly owner: string;
  /** Figures. */
  readonly status: Status;
  /** Times of the round, where one is open. */
  readonly open: OpenTimes | undefined;
  /** Clients that the round asks for, where there is one. */
  readonly asked: number | undefined;
  /** The members, regions first. */
  readonly members: readonly StandingMember[];
  /** Long polls that wait. */
  readonly waiting: number;
  /** What the log says. */
  readonly log: LogView;
  /** Bytes of updates by round, of those rounds that this process has seen. */
  readonly bytes: ReadonlyMap<number, number>;
}

/** Keeps what the page shows of a task. */
export interface TaskWatch {
  /** Takes note of a line of the log. */
  note(line: LogLine): void;
  /** What there is to show now. */
  look(): Promise<TaskView>;
}

/** What the last rounds took, so many of them. */
const TIMED = 5;
/** Rounds whose bytes are remembered. */
const WEIGHED = 500;

/** Watches a task from now on; what its log has was before. */
export function watchTask(task: ObservedTask, digest: Digest): TaskWatch {
  const log = watchLog(task, digest);
  const bytes = new Map<number, number>();
  let lastMs: readonly number[] = [];

  return {
    note(line) {
      if (line.kind !== "round" || line.task !== task.id) return;
      const { round, phase, ms } = line;
      if (line.bytes > 0) bytes.set(round, line.bytes);
      for (const old of bytes.keys()) if (bytes.size > WEIGHED) bytes.delete(old);
      if (phase === "sealed" && !line.isFound) lastMs = [...lastMs, ms].slice(-TIMED);
    },
    async look() {
      const logView = await log.look();
      const status = task.status();
      const round = task.look();
      const open = round.open && timesOf(round.open, lastMs);
      const isLate = open !== undefined && status.nowMs >= open.lateAtMs;
      const { task: document, owner } = task.offer;
      return {
        ...{ id: task.id, task: document, owner, status, open, bytes },
        asked: round.asked === undefined ? undefined : Math.min(round.asked, status.size),
        members: standingsOf(round.members(), { isOpen: open !== undefined, isLate }),
        waiting: task.waiting,
        log: logView,
      };
    },
  };
}

function timesOf(
  { openedAtMs, deadlineMs }: NonNullable<ObservedRound["open"]>,
  lastMs: readonly number[],
): OpenTimes {
  const lateAtMs = openedAtMs + lateAfterMs(deadlineMs - openedAtMs, lastMs);
  return { openedAtMs, deadlineMs, lateAtMs };
}
