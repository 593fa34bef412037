/**
 * Whoever watches an aggregator or a helper at work: takes its lines of log, times what it does, and
 * may answer requests about it. Nothing of it is in an app that is given none.
 *
 * @module
 */
import type { Hono } from "hono";
import type { Clock } from "../src/core/clock.ts";
import type { Digest } from "../src/core/digest.ts";
import type { LogPage } from "../src/wire/log.ts";
import type { Status } from "../src/wire/status.ts";
import type { TaskOffer } from "../src/wire/task.ts";
import { type Logger, silent } from "./logger.ts";
import { type Trace, untraced } from "./trace.ts";

/** A member of a task. */
export interface ObservedMember {
  /** Its id. */
  readonly id: string;
  /** A device, or an aggregator with some below it. */
  readonly kind: "client" | "region";
  /** Clients that stand behind it. */
  readonly size: number;
  /** Clients that it may send for in this round; 0 once it has abstained, absent if it is not asked. */
  readonly share?: number;
  /** Clients in its update, once that is in the sum. */
  readonly sent?: number;
  /** Whether it waits for a round, or did so of late. */
  readonly isThere: boolean;
}

/** How a task's round stands. */
export interface ObservedRound {
  /** Whether the aggregator has a parent. */
  readonly role: "root" | "region";
  /** Sums of a private task that were opened so far. */
  readonly sums: number;
  /** Entries in the round log. */
  readonly logLength: number;
  /** Clients that may come, in a round that has begun. */
  readonly asked?: number;
  /** Times of a round that takes updates, Unix milliseconds. */
  readonly open?: { readonly openedAtMs: number; readonly deadlineMs: number };
  /** The members, in no order. */
  members(): ObservedMember[];
}

/** A task at work. */
export interface ObservedTask {
  /** Its digest. */
  readonly id: string;
  /** The signed task, and who signs here. */
  readonly offer: TaskOffer;
  /** Long polls that wait now. */
  readonly waiting: number;
  /** Aborts once nobody may wait here any more. */
  readonly ending: AbortSignal;
  /** Figures. */
  status(): Status;
  /** How the round stands, and the members to it. */
  look(): ObservedRound;
  /** At most `limit` entries of the round log, from place `from` on. */
  log(from: number, limit: number): Promise<LogPage>;
}

/** What is watched. */
export interface Observed {
  /** What it works with. */
  readonly world: {
    /** Where the time comes from. */
    readonly clock: Clock;
    /** SHA-256. */
    readonly digest: Digest;
    /** Bytes of parcels, or of asks, in memory. */
    readonly budget: { readonly used: number };
  };
  /** The tasks of an aggregator, by digest; a helper has none of these. */
  readonly tasks: ReadonlyMap<string, ObservedTask>;
  /** Whether these are all: not before everything that is stored was taken up. */
  readonly isReady: boolean;
}

/** Whoever watches one app; every part may be left out. */
export interface Observer {
  /** Takes each line of the log. */
  readonly logger?: Logger;
  /** Times what is done. */
  readonly trace?: Trace;
  /** Answers requests about what it has seen. */
  routes?(observed: Observed): Hono;
}

/** What the parts of an app are given of its observers. */
export interface Watching {
  /** Takes what there is to say. */
  readonly logger: Logger;
  /** Times what is done. */
  readonly trace: Trace;
}

/** All observers as one, the first one outermost. */
export function watchingOf(
  { logger, observers = [] }: {
    readonly logger?: Logger | undefined;
    readonly observers?: readonly Observer[] | undefined;
  },
): Watching {
  const loggers = [logger, ...observers.map((one) => one.logger)].filter((one) =>
    one !== undefined
  );
  const traces = observers.map((one) => one.trace).filter((one) => one !== undefined);
  return {
    logger: loggers.length < 2 ? loggers[0] ?? silent : (line) => {
      for (const take of loggers) take(line);
    },
    trace: traces.reduceRight<Trace>(
      (inner, outer) => inner === untraced ? outer : both(outer, inner),
      untraced,
    ),
  };
}

function both(outer: Trace, inner: Trace): Trace {
  return (work, run) =>
    outer(work, (tell) =>
      inner(work, (note) =>
        run((facts) => {
          tell(facts);
          note(facts);
        })));
}
