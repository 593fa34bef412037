/**
 * A store in memory, for tests and simulation: all the rules, none of the durability.
 *
 * @module
 */
import { TributaryError } from "../../src/core/errors.ts";
import type { Json } from "../../src/core/json.ts";
import {
  checkSlice,
  type LogRow,
  type MemberRow,
  type RoundStore,
  type SliceRow,
  type StoreChange,
  type UpdateRow,
} from "../store.ts";

interface TaskRows {
  version: number;
  record: Json;
  readonly members: Map<string, MemberRow>;
  readonly updates: Map<number, Map<string, UpdateRow>>;
  readonly slices: Map<string, Map<number, Uint8Array>>;
  readonly log: Map<number, LogRow>;
}

/** A store that lives as long as the process. */
export function memoryStore(): RoundStore {
  const tasks = new Map<string, TaskRows>();

  function rowsOf(task: string): TaskRows {
    let rows = tasks.get(task);
    if (rows === undefined) {
      rows = {
        version: 0,
        record: null,
        members: new Map(),
        updates: new Map(),
        slices: new Map(),
        log: new Map(),
      };
      tasks.set(task, rows);
    }
    return rows;
  }

  return {
    tasks: () =>
      Promise.resolve([...tasks].filter(([, r]) => r.version > 0).map(([t]) => t).sort()),
    read(task) {
      const rows = tasks.get(task);
      if (rows === undefined || rows.version === 0) return Promise.resolve(undefined);
      return Promise.resolve({ version: rows.version, record: structuredClone(rows.record) });
    },
    // Checked before anything changes, and without an await: so nothing can come in between.
    // deno-lint-ignore require-await
    async write(task, expected, change) {
      const rows = rowsOf(task);
      if (rows.version !== expected) return false;
      for (const slice of change.slices ?? []) checkSlice(slice);
      checkLog(rows, change.log ?? []);
      apply(rows, change);
      rows.version++;
      return true;
    },
    member: (task, id) => Promise.resolve(tasks.get(task)?.members.get(id)),
    members(task) {
      const rows = [...tasks.get(task)?.members.values() ?? []];
      return Promise.resolve(rows.sort((a, b) => a.id < b.id ? -1 : 1));
    },
    update: (task, round, member) =>
      Promise.resolve(tasks.get(task)?.updates.get(round)?.get(member)),
    updates(task, round) {
      const rows = [...tasks.get(task)?.updates.get(round)?.values() ?? []];
      return Promise.resolve(rows.sort((a, b) => a.position - b.position));
    },
    slice: (task, name, index) => Promise.resolve(tasks.get(task)?.slices.get(name)?.get(index)),
    sliceNames(task, prefix) {
      const names = [...tasks.get(task)?.slices.keys() ?? []];
      return Promise.resolve(names.filter((name) => name.startsWith(prefix)).sort());
    },
    // deno-lint-ignore require-await
    async put(task, slices) {
      for (const slice of slices) checkSlice(slice);
      for (const slice of slices) putSlice(rowsOf(task), slice);
    },
    drop(task, name) {
      tasks.get(task)?.slices.delete(name);
      return Promise.resolve();
    },
    log(task, from, limit) {
      const rows = [...tasks.get(task)?.log.values() ?? []].filter((row) => row.seq >= from);
      return Promise.resolve(rows.sort((a, b) => a.seq - b.seq).slice(0, limit));
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function apply(rows: TaskRows, change: StoreChange): void {
  // Cloned, as a database would: the writer may go on changing what it wrote.
  rows.record = structuredClone(change.record);
  for (const id of change.removed ?? []) rows.members.delete(id);
  for (const member of change.members ?? []) rows.members.set(member.id, member);
  const { dropUpdatesBefore } = change;
  if (dropUpdatesBefore !== undefined) {
    for (const round of rows.updates.keys()) {
      if (round < dropUpdatesBefore) rows.updates.delete(round);
    }
  }
  for (const update of change.updates ?? []) {
    const round = rows.updates.get(update.round) ?? new Map<string, UpdateRow>();
    rows.updates.set(update.round, round.set(update.member, update));
  }
  for (const name of change.dropSlices ?? []) rows.slices.delete(name);
  for (const slice of change.slices ?? []) putSlice(rows, slice);
  for (const row of change.log ?? []) rows.log.set(row.seq, structuredClone(row));
}

function putSlice(rows: TaskRows, { name, index, bytes }: SliceRow): void {
  const slices = rows.slices.get(name) ?? new Map<number, Uint8Array>();
  rows.slices.set(name, slices.set(index, bytes.slice()));
}

function checkLog(rows: TaskRows, log: readonly LogRow[]): void {
  for (const { seq } of log) {
    if (rows.log.has(seq)) {
      throw new TributaryError("store-failed", `Cannot append log entry ${seq}: there is one`);
    }
  }
}
