/**
 * Whoever watches an aggregator or a helper at work: takes its lines of log, times what it does, and
 * may answer requests about it. Nothing of it is in an app that is given none.
 *
 * @module
 */
import type { Hono } from "hono";
import { type Logger, silent } from "./logger.ts";
import type { TaskLife } from "./task_life.ts";
import { type Trace, untraced } from "./trace.ts";
import type { World } from "./world.ts";

/** A task at work, as far as observers look into it. */
export type ObservedTask = Pick<
  TaskLife,
  "id" | "signed" | "offer" | "committer" | "presence" | "waiting" | "ending" | "log" | "status"
>;

/** What is watched. */
export interface Observed {
  /** Time, SHA-256, and the bytes of parcels or asks that are in memory. */
  readonly world: Pick<World, "clock" | "digest" | "budget">;
  /** The tasks of an aggregator, by digest; a helper has none of these. */
  readonly tasks: ReadonlyMap<string, ObservedTask>;
  /** Whether these are all: not before everything that is stored was taken up. */
  readonly isReady: boolean;
}

/** Whoever watches; every part may be left out. */
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
