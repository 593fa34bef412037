/**
 * What an aggregator does about the round machine's effects: kept up as long as the record asks for
 * it, and tried again after failures.
 *
 * @module
 */
import { retry } from "../../src/core/retry.ts";
import type { ActiveEffect } from "../../src/round/event.ts";
import type { World } from "../world.ts";

/** An effect that is work. */
export type Duty = Exclude<ActiveEffect, { kind: "wake" }>;

/**
 * Does one duty; its outcome is an event in the committer. Doing it twice does no harm, and one that
 * throws is done again: what is to give up is an event too.
 */
export type Perform = (duty: Duty, signal: AbortSignal) => Promise<void>;

/** The duties of one task. */
export interface Duties extends AsyncDisposable {
  /**
   * Starts what is wanted and not under way, and ends what is under way and no longer wanted.
   *
   * @param version Of the record that wants it: what is done and still wanted at the same version is
   * not done again.
   */
  want(duties: readonly Duty[], version: number): void;
  /** Does what is wanted of a kind again, though it was done: the outcome may be lost. */
  redo(kind: Duty["kind"]): void;
}

interface Running {
  readonly name: string;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

const MIN_WAIT_MS = 100;
const MAX_WAIT_MS = 10_000;

/** Nothing under way yet. At most one duty of a kind is, so that reports arrive in order. */
export function createDuties(world: World, perform: Perform): Duties {
  const { clock, random, logger } = world;
  const running = new Map<Duty["kind"], Running>();
  const done = new Map<Duty["kind"], { readonly name: string; readonly version: number }>();
  let wanted: readonly Duty[] = [];
  let version = 0;
  let closed = false;

  function start(duty: Duty, name: string): void {
    const stop = new AbortController();
    const { signal } = stop;
    const startedAt = version;
    const ended = retry(() => perform(duty, signal), {
      clock,
      random,
      signal,
      attempts: Infinity,
      minMs: MIN_WAIT_MS,
      maxMs: MAX_WAIT_MS,
      // Nobody else does it: it is given up only for one that takes its place.
      retryable(error) {
        logger({ kind: "failure", doing: name, error });
        return wanted.some((other) => nameOf(other) === name);
      },
    }).then(
      () => {
        if (!signal.aborted) done.set(duty.kind, { name, version: startedAt });
      },
      () => {},
    ).then(() => {
      running.delete(duty.kind);
      reconcile();
    });
    running.set(duty.kind, { name, stop, ended });
  }

  function reconcile(): void {
    if (closed) return;
    const names = new Map(wanted.map((duty) => [nameOf(duty), duty]));
    for (const [kind, { name, stop }] of running) {
      // A report that was overtaken could arrive after the one that overtook it.
      if (!names.has(name) && kind !== "report") stop.abort();
    }
    for (const [name, duty] of names) {
      if (running.has(duty.kind)) continue;
      const last = done.get(duty.kind);
      const isDone = last?.name === name && (isLasting(duty) || last.version === version);
      if (!isDone) start(duty, name);
    }
  }

  return {
    want(duties, newVersion) {
      wanted = duties;
      version = newVersion;
      reconcile();
    },
    redo(kind) {
      done.delete(kind);
      reconcile();
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      const all = [...running.values()];
      for (const { stop } of all) stop.abort();
      await Promise.all(all.map(({ ended }) => ended));
    },
  };
}

function nameOf(duty: Duty): string {
  return JSON.stringify(duty);
}

/** Whether it stays done for as long as it is wanted in the same words. */
function isLasting(duty: Duty): boolean {
  return duty.kind === "report" || duty.kind === "fetch";
}
