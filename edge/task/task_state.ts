/**
 * What an aggregator knows of one task: the record, and the rows that it keeps beside it in memory.
 *
 * @module
 */
import { TributaryError } from "../../src/core/errors.ts";
import type { Json } from "../../src/core/json.ts";
import { readRecord, type RoundRecord } from "../../src/round/record.ts";
import type { LogEntry } from "../../src/wire/log.ts";
import type { Party } from "../../src/wire/party.ts";
import type { ModelInfo } from "../../src/wire/round_info.ts";
import { type LaneSums, ONLY_LANE, withLane } from "../sum/lanes.ts";
import { type Access, readAccess } from "../access/access.ts";
import { type MemberShare, readShares } from "./shares.ts";
import type { MemberRow, RoundStore, UpdateRow } from "../store.ts";

/** The one record of a task in the store. */
export interface TaskRecord {
  /** Where the round stands. */
  readonly round: RoundRecord;
  /** Names of the round's sums by group and lane; a round without groups has one group, 0. */
  readonly sums: LaneSums;
  /** Models kept, oldest first. */
  readonly models: readonly ModelInfo[];
  /** Entries in the round log. */
  readonly logLength: number;
  /** Who the sum is forwarded to; null at the root. */
  readonly parent: Party | null;
}

/** A task's record and rows as they are stored. */
export interface TaskState {
  /** Version of the record in the store. */
  readonly version: number;
  /** The record. */
  readonly record: TaskRecord;
  /** The roster, by id; the committer changes it in place, after each write. */
  readonly members: Map<string, MemberRow>;
  /** Who is let in besides, and who no more; changed in place too. */
  readonly access: Access;
  /** Updates of the record's round, by member; changed in place too. */
  readonly updates: Map<string, UpdateRow>;
  /** Who is asked in the record's round, and for how many clients; changed in place too. */
  readonly shares: Map<string, MemberShare>;
  /** Slices of the store that hold the shares. */
  readonly shareRows: number;
  /** The log's last entry. */
  readonly lastEntry: LogEntry | undefined;
}

/**
 * Reads a task's state.
 *
 * @throws {TributaryError} `task-unknown` if the store has no such task, `store-failed` if another
 * version of this library wrote it.
 */
export async function loadTask(store: RoundStore, task: string): Promise<TaskState> {
  const stored = await store.read(task);
  if (stored === undefined) {
    throw new TributaryError("task-unknown", `Cannot load task ${task}: the store has none`);
  }
  const record = readTaskRecord(stored.record);
  const { round } = record;
  const [members, access, updates, asked, lastEntry] = await Promise.all([
    store.members(task),
    readAccess(store, task),
    store.updates(task, round.round),
    readShares(store, task, round.round),
    lastEntryOf(store, task, record),
  ]);
  return {
    version: stored.version,
    record,
    members: new Map(members.map((row) => [row.id, row])),
    access,
    updates: new Map(updates.map((row) => [row.member, row])),
    shares: asked.shares,
    shareRows: asked.rows,
    lastEntry,
  };
}

/** The last entry of a task's log. */
export async function lastEntryOf(
  store: RoundStore,
  task: string,
  { logLength }: Pick<TaskRecord, "logLength">,
): Promise<LogEntry | undefined> {
  const [row] = await store.log(task, Math.max(0, logLength - 1), 1);
  // Written by this aggregator, after its schema was checked on the way in.
  return row?.entry as unknown as LogEntry | undefined;
}

/**
 * A record as a store read it back, in the present form.
 *
 * @throws {TributaryError} `store-failed` if it is of a form that is not known.
 */
export function readTaskRecord(stored: Json): TaskRecord {
  const record = stored as Partial<TaskRecord> as TaskRecord;
  const round = readRecord(record.round);
  // Format 3 knew one lane, and named the sums by group alone.
  const isOld = (record.round.format as number) === 3;
  const sums = isOld
    ? withLane({}, ONLY_LANE, record.sums as unknown as Readonly<Record<number, string>>)
    : record.sums;
  return { ...record, round, sums };
}

/** A record as the store takes it. */
export function recordJson(record: TaskRecord): Json {
  return record as unknown as Json;
}
