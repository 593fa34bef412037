/**
 * What a draft becomes: one change of the store, and the state in memory after it.
 *
 * @module
 */
import { toHex } from "../../src/core/bytes.ts";
import type { Digest } from "../../src/core/digest.ts";
import type { Identity } from "../../src/core/identity.ts";
import type { RandomSource } from "../../src/core/random.ts";
import { appendToLog, type LogEntry } from "../../src/wire/log.ts";
import type { Draft } from "./draft.ts";
import { laneOf, type LaneSums, sumNames, withLane } from "../sum/lanes.ts";
import { type MemberShare, shareRows, sharesName } from "./shares.ts";
import type { RoundStore, StoreChange, UpdateRow } from "../store.ts";
import type { GroupParcel, NextSums, Sums, SumsOf } from "../sum/sums.ts";
import type { TaskForm } from "./task_form.ts";
import { recordJson, type TaskRecord, type TaskState } from "./task_state.ts";

/** What changes are made of. */
export interface StateChangeOptions {
  /** Digest of the task. */
  readonly task: string;
  /** Where sums are read. */
  readonly store: RoundStore;
  /** Names of sums. */
  readonly random: RandomSource;
  /** SHA-256. */
  readonly digest: Digest;
  /** Who signs the round log. */
  readonly identity: Identity;
  /** The compiled `aggregate` core. */
  readonly module: WebAssembly.Module;
  /** What parcels look like, and in how many sums they are added. */
  readonly form: TaskForm;
  /** Longest sum that stays in memory, or sums of a round together. */
  readonly heldBytes: number;
  /** What adds the parcels. */
  readonly sums: SumsOf;
  /** Into which of a round's sums this process adds. */
  lane(): number;
}

/** A change to be written, and what is true once it is. */
export interface StateChange {
  /** For the store. */
  readonly change: StoreChange;
  /** The state after the write; takes the rows into the maps of the state before. */
  apply(): TaskState;
}

/** Makes changes; owned by one serial caller. */
export interface StateChanges extends Disposable {
  /**
   * What makes the draft's next state of `base`, valid until the next call.
   *
   * @param again The parcels of the call before are still there as they were, so that those that come
   * again need not be added again.
   */
  prepare(base: TaskState, draft: Draft, again: boolean): Promise<StateChange>;
}

/** What was added last: whoever was overtaken in its write mostly adds the same once more. */
interface Added {
  readonly from: Readonly<Record<number, string>>;
  readonly parcels: readonly GroupParcel[];
  readonly next: NextSums;
}

/** Makes changes of a task's state; no sum is read before the first parcel. */
export function createStateChanges(options: StateChangeOptions): StateChanges {
  const { task, form } = options;
  let sums: Sums | undefined;
  let added: Added | undefined;

  async function nextSums(
    base: TaskState,
    draft: Draft,
  ): Promise<{ readonly sums: LaneSums; readonly rows: NextSums["rows"] }> {
    const before = draft.dropsSums ? {} : base.record.sums;
    const { parcels } = draft;
    if (parcels.length === 0) return { sums: before, rows: [] };
    const lane = options.lane();
    const from = laneOf(before, lane);
    if (added === undefined || !isSame(added, { from, parcels })) {
      added = undefined;
      const { ring } = form.mask;
      const { parcelBytes: bytes, groups } = form;
      sums ??= options.sums({ ...options, ring, bytes, groups });
      // A name of its own, so that what a crashed or second writer left is never taken for it.
      const nameOf = (group: number) =>
        `sum/${draft.round.round}/${group}/${toHex(options.random(8))}`;
      added = { from, parcels, next: await sums.add({ from, parcels, nameOf }) };
    }
    return { sums: withLane(before, lane, added.next.sums), rows: added.next.rows };
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
    async prepare(base, draft, again) {
      if (!again) added = undefined;
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
        apply: () => ({
          version: base.version + 1,
          record,
          lastEntry: entries.at(-1) ?? base.lastEntry,
          shareRows: heldRows + newRows.length,
          ...rowsAfter(base, draft),
        }),
      };
    },
    [Symbol.dispose]() {
      sums?.[Symbol.dispose]();
      sums = undefined;
      added = undefined;
    },
  };
}

/** Whether the very same parcels are added to the very same sums. */
function isSame(one: Omit<Added, "next">, other: Omit<Added, "next">): boolean {
  const names = (from: Added["from"]) => JSON.stringify(Object.entries(from));
  return one.parcels.length === other.parcels.length && names(one.from) === names(other.from) &&
    one.parcels.every((parcel, at) => isSameParcel(parcel, other.parcels[at]));
}

function isSameParcel(one: GroupParcel, other: GroupParcel | undefined): boolean {
  if (one.group !== other?.group) return false;
  const [a, b] = [one.parcel, other.parcel];
  if (a.kind === "staged") return b.kind === "staged" && a.name === b.name;
  return b.kind === "held" && a.slices.length === b.slices.length &&
    a.slices.every((slice, at) => slice === b.slices[at]);
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
