/**
 * The one writer of a task's state in a process. Whatever changes it, an update, a member, the machine's
 * own events, is a job in one queue; all jobs that are there share one write of the store.
 *
 * Where other instances write too, a write that comes second finds the version changed: what they wrote
 * is read, and the same jobs run again over that.
 *
 * @module
 */
import type { Clock } from "../../src/core/clock.ts";
import { isTributaryError, TributaryError } from "../../src/core/errors.ts";
import { retry } from "../../src/core/retry.ts";
import { catchUp } from "./catch_up.ts";
import { Draft } from "./draft.ts";
import type { Logger } from "../logger.ts";
import { createStateChanges, type StateChange, type StateChangeOptions } from "./state_change.ts";
import { loadTask, type TaskState } from "./task_state.ts";

/**
 * Changes a draft and says what came of it; throws to be left out, having changed nothing. It may run
 * more than once, each time over another draft, of which one is written.
 */
export type Job<T> = (draft: Draft) => T;

/** How many uploads share a write. */
export interface BatchLimits {
  /** Most jobs of one write. */
  readonly jobs: number;
  /** Bytes of parcels after which a write does not wait for more. */
  readonly bytes: number;
}

/** What a committer works with. */
export interface CommitterOptions extends StateChangeOptions {
  /** Where the time comes from. */
  readonly clock: Clock;
  /** How many jobs share a write. */
  readonly batch: BatchLimits;
  /** Hears of each write. */
  readonly logger: Logger;
  /** Whether other instances are there, which may be about to write. */
  hasRivals(): boolean;
  /** Lets other work of the event loop go first. */
  turn(): Promise<void>;
  /** Called after each write, with the state and the draft that it came from. */
  committed(state: TaskState, draft: Draft): void;
  /** Called when what was in memory had to be read again from the store. */
  reloaded(state: TaskState): void;
}

/** The one writer of a task. */
export interface Committer extends AsyncDisposable {
  /** What is stored; waits until it is read again if a write failed. */
  state(): Promise<TaskState>;
  /**
   * The state that was last read or written; may be a write behind after a failure, until it is read
   * again, which is tried until it succeeds.
   */
  readonly latest: TaskState;
  /**
   * Runs a job and writes what it changed, together with its neighbours.
   *
   * @param bytes Length of the parcel that it adds.
   * @returns What the job gave, once that is durable.
   * @throws What the job threw; `store-failed` or `busy` if the write did not happen, as far as known.
   */
  run<T>(job: Job<T>, bytes?: number): Promise<T>;
  /** Says that a job is getting on, such as a body that is being read: a write may wait for it. */
  progress(): void;
  /**
   * Takes in what other instances have written up to now; nothing to do where nobody shares the store.
   *
   * @throws {TributaryError} `store-failed`.
   */
  refresh(): Promise<void>;
}

interface Queued {
  readonly bytes: number;
  /** Runs the job; its outcome stays open until the write is done. */
  apply(draft: Draft): void;
  settle(): void;
  fail(error: unknown): void;
}

/** So many turns of the event loop without any progress, and a write begins. */
const QUIET_TURNS = 2;
/** So many turns in all, and a write begins though more goes on arriving. */
const MOST_TURNS = 256;
/** So many milliseconds, and it begins as well: where turns are timers, each is one or more. */
const MOST_GATHERING_MS = 10;

/** Tries to read what a failed write left. */
const UNTIL_READ = { attempts: Infinity, minMs: 100, maxMs: 10_000 };

/** So often a batch is overtaken before its jobs fail: with the waits between, some seconds. */
const MOST_TRIES = 64;
/** Longest wait before a batch that was overtaken is tried again. */
const MOST_WAIT_MS = 128;

/** Reads the task's state and begins to write it. */
export async function createCommitter(options: CommitterOptions): Promise<Committer> {
  const { task, store, clock, batch, turn } = options;
  const isShared = store.shared !== undefined;
  const changes = createStateChanges(options);
  let latest = await read();
  let trusted = true;
  let loading: Promise<TaskState> | undefined;
  let recovering: Promise<void> | undefined;
  const closing = new AbortController();
  let draining: Promise<void> | undefined;
  const queue: Queued[] = [];
  const lookers: PromiseWithResolvers<void>[] = [];
  let progress = 0;
  let writeMs = 0;

  async function state(): Promise<TaskState> {
    if (trusted) return latest;
    // One reading for all: of two, the one that began before a write could end after it.
    loading ??= load().finally(() => loading = undefined);
    return await loading;
  }

  async function load(): Promise<TaskState> {
    latest = await read();
    trusted = true;
    options.reloaded(latest);
    return latest;
  }

  async function read(): Promise<TaskState> {
    const state = await loadTask(store, task);
    // Others may have written between one read and the next.
    return isShared ? await catchUp(store, task, state) ?? state : state;
  }

  /** Whatever is in memory may not be what is stored. */
  function forget(): void {
    trusted = false;
    changes[Symbol.dispose]();
    recovering ??= recover();
  }

  /** A write that failed may have happened, and its sender never come back to find out. */
  async function recover(): Promise<void> {
    const { signal } = closing;
    const { random } = options;
    try {
      while (!trusted) {
        await retry(state, { clock, random, signal, ...UNTIL_READ, retryable: () => true });
      }
    } catch {
      // Only the end of the committer ends the tries.
    } finally {
      recovering = undefined;
    }
  }

  /** Takes in what others have written; whether there was anything. */
  async function look(): Promise<boolean> {
    const next = await catchUp(store, task, await state());
    if (next === undefined) return false;
    latest = next;
    options.reloaded(latest);
    return true;
  }

  async function drain(): Promise<void> {
    try {
      while (queue.length > 0 || lookers.length > 0) {
        if (lookers.length > 0) await lookFor(lookers.splice(0));
        if (queue.length === 0) continue;
        await gather();
        await commit(takeBatch());
        await giveWay();
      }
    } finally {
      draining = undefined;
    }
  }

  async function lookFor(all: readonly PromiseWithResolvers<void>[]): Promise<void> {
    try {
      await look();
      for (const { resolve } of all) resolve();
    } catch (error) {
      forget();
      for (const { reject } of all) reject(error);
    }
  }

  /**
   * Waits for what is about to arrive, as long as something does: a write costs as much as reading
   * several bodies. A sender that has stopped to send is not waited for.
   */
  async function gather(): Promise<void> {
    let quiet = 0;
    const endMs = clock.now() + MOST_GATHERING_MS;
    for (let turns = 0; turns < MOST_TURNS && quiet < QUIET_TURNS && !isFull(); turns++) {
      if (clock.now() >= endMs) return;
      const seen = progress;
      await turn();
      quiet = progress === seen ? quiet + 1 : 0;
    }
  }

  function isFull(): boolean {
    const bytes = queue.reduce((all, job) => all + job.bytes, 0);
    return queue.length >= batch.jobs || bytes >= batch.bytes;
  }

  function takeBatch(): Queued[] {
    let bytes = 0;
    const end = queue.findIndex((job, i) => i > 0 && (bytes += job.bytes) > batch.bytes);
    return queue.splice(0, Math.min(batch.jobs, end < 0 ? queue.length : end));
  }

  /**
   * Leaves others about as much time as a write took: an instance that always has more to write would
   * else overtake one that has to read first what it wrote. Meanwhile the next batch grows.
   */
  async function giveWay(): Promise<void> {
    if (!options.hasRivals()) return;
    await pause(2 * Math.min(writeMs, MOST_WAIT_MS));
  }

  /** Sleeps for a random time, `mostMs` at most. */
  async function pause(mostMs: number): Promise<void> {
    const { buffer } = options.random(4);
    const part = new DataView(buffer).getUint32(0) / 2 ** 32;
    if (mostMs <= 0 || closing.signal.aborted) return;
    await clock.sleep(part * mostMs, { signal: closing.signal }).catch(() => {});
  }

  async function commit(jobs: readonly Queued[]): Promise<void> {
    try {
      for (let tries = 1;; tries++) {
        const base = await state();
        const draft = new Draft(base, clock.now());
        const { taken, refused } = applied(jobs, draft);
        // Whom a state refuses that is behind, a newer one may take; and the other way round.
        const isWord = draft.isEmpty || refused.length > 0;
        if (isShared && isWord && tries < MOST_TRIES && await look()) continue;
        const next = draft.isEmpty ? undefined : await prepare(base, draft, tries > 1);
        if (next?.kind === "failed") {
          // Another instance may have added the same upload, and removed what it was staged as.
          if (!isShared || (!await look() && jobs.length === 1)) throw next.error;
          if (latest.version !== base.version) continue;
          // One of them is at fault, and the others need not fail with it.
          for (const job of jobs) await commit([job]);
          return;
        }
        if (next !== undefined && !await write(base, draft, next.change)) {
          await overtaken(base, tries);
          continue;
        }
        if (!draft.isEmpty) {
          writeMs = clock.now() - draft.nowMs;
          options.logger({ kind: "write", task, jobs: taken.length, ms: writeMs });
        }
        for (const { job, error } of refused) job.fail(error);
        for (const job of taken) job.settle();
        return;
      }
    } catch (cause) {
      forget();
      const error = isTributaryError(cause)
        ? cause
        : new TributaryError("store-failed", "Cannot commit: an unexpected error", { cause });
      for (const job of jobs) job.fail(error);
    }
  }

  async function prepare(base: TaskState, draft: Draft, again: boolean): Promise<Prepared> {
    try {
      return { kind: "prepared", change: await changes.prepare(base, draft, again) };
    } catch (error) {
      return { kind: "failed", error };
    }
  }

  /** False, without any effect, if another writer was first. */
  async function write(base: TaskState, draft: Draft, next: StateChange): Promise<boolean> {
    if (!await store.write(task, base.version, next.change)) return false;
    latest = next.apply();
    options.committed(latest, draft);
    return true;
  }

  /** Makes ready for another try: at once, then after longer and longer waits. */
  async function overtaken(base: TaskState, tries: number): Promise<void> {
    if (tries > 1) await pause(Math.min(2 ** tries, MOST_WAIT_MS));
    await look();
    // A store that refuses though nothing has changed would refuse again.
    if (tries < MOST_TRIES && latest.version !== base.version) return;
    throw new TributaryError(
      "busy",
      `Cannot commit: another writer was first ${tries} times, expected fewer`,
      { retryAfterS: 1 },
    );
  }

  return {
    state,
    get latest() {
      return latest;
    },
    async run(job, bytes = 0) {
      if (closing.signal.aborted) {
        throw new TributaryError("busy", "Cannot commit: the aggregator is stopping");
      }
      const result = Promise.withResolvers<ReturnType<typeof job>>();
      let outcome: ReturnType<typeof job>;
      queue.push({
        bytes,
        apply: (draft) => void (outcome = job(draft)),
        settle: () => result.resolve(outcome),
        fail: result.reject,
      });
      progress++;
      draining ??= drain();
      return await result.promise;
    },
    progress: () => void progress++,
    async refresh() {
      if (!isShared || closing.signal.aborted) return;
      const looker = Promise.withResolvers<void>();
      lookers.push(looker);
      draining ??= drain();
      await looker.promise;
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      await draining;
      await recovering;
      changes[Symbol.dispose]();
    },
  };
}

type Prepared =
  | { readonly kind: "prepared"; readonly change: StateChange }
  | { readonly kind: "failed"; readonly error: unknown };

interface Refused {
  readonly job: Queued;
  readonly error: unknown;
}

/** Runs jobs over a draft, those that it does not take left out. */
function applied(
  jobs: readonly Queued[],
  draft: Draft,
): { readonly taken: readonly Queued[]; readonly refused: readonly Refused[] } {
  const taken: Queued[] = [];
  const refused: Refused[] = [];
  for (const job of jobs) {
    try {
      job.apply(draft);
      taken.push(job);
    } catch (error) {
      refused.push({ job, error });
    }
  }
  return { taken, refused };
}
