/**
 * The one writer of a task's state. Whatever changes it, an update, a member, the machine's own
 * events, is a job in one queue; all jobs that are there share one write of the store.
 *
 * @module
 */
import { toHex } from "../src/core/bytes.ts";
import type { Clock } from "../src/core/clock.ts";
import type { Digest } from "../src/core/digest.ts";
import { isTributaryError, TributaryError } from "../src/core/errors.ts";
import type { Identity } from "../src/core/identity.ts";
import type { RandomSource } from "../src/core/random.ts";
import { retry } from "../src/core/retry.ts";
import { appendToLog, type LogEntry } from "../src/wire/log.ts";
import { Draft } from "./draft.ts";
import { laneOf, type LaneSums, ONLY_LANE, sumNames, withLane } from "./lanes.ts";
import type { Logger } from "./logger.ts";
import { type MemberShare, shareRows, sharesName } from "./shares.ts";
import type { RoundStore, StoreChange, UpdateRow } from "./store.ts";
import type { NextSums, Sums, SumsOf } from "./sums.ts";
import type { TaskForm } from "./task_form.ts";
import { loadTask, recordJson, type TaskRecord, type TaskState } from "./task_state.ts";

/** Changes a draft and says what came of it; throws to be left out, having changed nothing. */
export type Job<T> = (draft: Draft) => T;

/** How many uploads share a write. */
export interface BatchLimits {
  /** Most jobs of one write. */
  readonly jobs: number;
  /** Bytes of parcels after which a write does not wait for more. */
  readonly bytes: number;
}

/** What a committer works with. */
export interface CommitterOptions {
  /** Digest of the task. */
  readonly task: string;
  /** Where the state is kept. */
  readonly store: RoundStore;
  /** Where the time comes from. */
  readonly clock: Clock;
  /** Names of sums, and jitter. */
  readonly random: RandomSource;
  /** SHA-256. */
  readonly digest: Digest;
  /** Who signs the round log. */
  readonly identity: Identity;
  /** The compiled `aggregate` core. */
  readonly module: WebAssembly.Module;
  /** What parcels look like, and in how many sums they are added. */
  readonly form: TaskForm;
  /** Makes what adds parcels. */
  readonly sums: SumsOf;
  /** Longest sum that stays in memory, or sums of a round together. */
  readonly heldBytes: number;
  /** How many jobs share a write. */
  readonly batch: BatchLimits;
  /** Hears of each write. */
  readonly logger: Logger;
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
/** So many turns in all, and a write begins though more goes on arriving: some milliseconds. */
const MOST_TURNS = 256;

/** Tries to read what a failed write left. */
const UNTIL_READ = { attempts: Infinity, minMs: 100, maxMs: 10_000 };

/** Reads the task's state and begins to write it. */
export async function createCommitter(options: CommitterOptions): Promise<Committer> {
  const { task, store, clock, batch, turn } = options;
  let latest = await loadTask(store, task);
  let trusted = true;
  let sums: Sums | undefined;
  let loading: Promise<TaskState> | undefined;
  let recovering: Promise<void> | undefined;
  const closing = new AbortController();
  let draining: Promise<void> | undefined;
  const queue: Queued[] = [];
  let progress = 0;

  async function state(): Promise<TaskState> {
    if (trusted) return latest;
    // One reading for all: of two, the one that began before a write could end after it.
    loading ??= load().finally(() => loading = undefined);
    return await loading;
  }

  async function load(): Promise<TaskState> {
    latest = await loadTask(store, task);
    trusted = true;
    options.reloaded(latest);
    return latest;
  }

  /** Whatever is in memory may not be what is stored. */
  function forget(): void {
    trusted = false;
    sums?.[Symbol.dispose]();
    sums = undefined;
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

  async function drain(): Promise<void> {
    try {
      while (queue.length > 0) {
        await gather();
        await commit(takeBatch());
      }
    } finally {
      draining = undefined;
    }
  }

  /**
   * Waits for what is about to arrive, as long as something does: a write costs as much as reading
   * several bodies. A sender that has stopped to send is not waited for.
   */
  async function gather(): Promise<void> {
    let quiet = 0;
    for (let turns = 0; turns < MOST_TURNS && quiet < QUIET_TURNS && !isFull(); turns++) {
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

  async function commit(jobs: readonly Queued[]): Promise<void> {
    const taken: Queued[] = [];
    try {
      const base = await state();
      const draft = new Draft(base, clock.now());
      for (const job of jobs) {
        try {
          job.apply(draft);
          taken.push(job);
        } catch (error) {
          job.fail(error);
        }
      }
      if (!draft.isEmpty) {
        await write(base, draft);
        const ms = clock.now() - draft.nowMs;
        options.logger({ kind: "write", task, jobs: taken.length, ms });
      }
      for (const job of taken) job.settle();
    } catch (cause) {
      forget();
      const error = isTributaryError(cause)
        ? cause
        : new TributaryError("store-failed", "Cannot commit: an unexpected error", { cause });
      for (const job of jobs) job.fail(error);
    }
  }

  async function write(base: TaskState, draft: Draft): Promise<void> {
    const { change, record, lastEntry, shareRows } = await changeOf(base, draft);
    if (!await store.write(task, base.version, change)) {
      throw new TributaryError(
        "busy",
        "Cannot commit: another writer was first, expected to be the only one",
        { retryAfterS: 1 },
      );
    }
    const version = base.version + 1;
    latest = { version, record, lastEntry, shareRows, ...rowsAfter(base, draft) };
    options.committed(latest, draft);
  }

  async function changeOf(base: TaskState, draft: Draft) {
    const { sums, rows } = await nextSums(base, draft);
    const entries = await nextEntries(base, draft);
    const kept = new Set(sumNames(sums));
    const record: TaskRecord = {
      ...base.record,
      round: draft.round,
      models: draft.models,
      sums,
      logLength: base.record.logLength + entries.length,
    };
    const isNewRound = draft.round.round !== base.record.round.round;
    const heldRows = isNewRound ? 0 : base.shareRows;
    const newRows = shareRows(draft.round.round, heldRows, draft.shares);
    const access = draft.access.change();
    const change: StoreChange = {
      record: recordJson(record),
      members: [...draft.members.values()],
      removed: [...draft.removed],
      updates: draft.updates,
      slices: [...rows, ...draft.slices, ...newRows, ...access.slices],
      log: entries.map((entry) => ({ seq: entry.body.seq, entry: { ...entry } as never })),
      dropSlices: [
        ...draft.dropped,
        ...access.dropped,
        ...sumNames(base.record.sums).filter((name) => !kept.has(name)),
        ...(isNewRound ? [sharesName(base.record.round.round)] : []),
      ],
      // The round before is kept: its senders may still ask for a receipt that got lost.
      ...(isNewRound ? { dropUpdatesBefore: base.record.round.round } : {}),
    };
    return {
      change,
      record,
      lastEntry: entries.at(-1) ?? base.lastEntry,
      shareRows: heldRows + newRows.length,
    };
  }

  async function nextSums(
    base: TaskState,
    draft: Draft,
  ): Promise<{ readonly sums: LaneSums; readonly rows: NextSums["rows"] }> {
    const before = draft.dropsSums ? {} : base.record.sums;
    const { parcels } = draft;
    if (parcels.length === 0) return { sums: before, rows: [] };
    const { ring } = options.form.mask;
    const { parcelBytes: bytes, groups } = options.form;
    sums ??= options.sums({ ...options, ring, bytes, groups });
    // A name of its own, so that what a crashed or second writer left is never taken for it.
    const nameOf = (group: number) =>
      `sum/${draft.round.round}/${group}/${toHex(options.random(8))}`;
    const next = await sums.add({ from: laneOf(before, ONLY_LANE), parcels, nameOf });
    return { sums: withLane(before, ONLY_LANE, next.sums), rows: next.rows };
  }

  async function nextEntries(base: TaskState, draft: Draft): Promise<LogEntry[]> {
    const { identity, digest } = options;
    const entries: LogEntry[] = [];
    for (const event of draft.logged) {
      const last = entries.at(-1) ?? base.lastEntry;
      entries.push(await appendToLog(event, { last, task, atMs: draft.nowMs, identity, digest }));
    }
    return entries;
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
    async [Symbol.asyncDispose]() {
      closing.abort();
      await draining;
      await recovering;
      sums?.[Symbol.dispose]();
    },
  };
}

/** Takes the rows of a draft into memory once it is written; those of a round that is over go. */
function rowsAfter(
  base: TaskState,
  draft: Draft,
): Pick<TaskState, "members" | "access" | "updates" | "shares"> {
  const { members, access } = base;
  for (const id of draft.removed) members.delete(id);
  for (const [id, row] of draft.members) members.set(id, row);
  draft.access.applyTo(access);
  const { round } = draft.round;
  const isSameRound = round === base.record.round.round;
  const updates = isSameRound ? base.updates : new Map<string, UpdateRow>();
  const shares = isSameRound ? base.shares : new Map<string, MemberShare>();
  for (const [member, share] of draft.shares) shares.set(member, share);
  for (const row of draft.updates) if (row.round === round) updates.set(row.member, row);
  return { members, access, updates, shares };
}
