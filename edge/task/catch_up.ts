/**
 * Taking in what other instances have written to a task since its state was last read.
 *
 * @module
 */
import { ACCESS_PREFIX, readAccess } from "../access/access.ts";
import type { KeptChange } from "../shared_store.ts";
import { readShares } from "./shares.ts";
import type { RoundStore, StoredRecord, UpdateRow } from "../store.ts";
import { lastEntryOf, loadTask, readTaskRecord, type TaskState } from "./task_state.ts";

/**
 * The state as it is stored now; undefined if `base` is that. Its maps are those of `base`, changed in
 * place, where the store still has what was changed; else everything is read again.
 *
 * @throws {TributaryError} As `loadTask`.
 */
export async function catchUp(
  store: RoundStore,
  task: string,
  base: TaskState,
): Promise<TaskState | undefined> {
  const stored = await store.read(task);
  if (stored?.version === base.version) return undefined;
  const changes = stored && await changesUpTo(store, task, { base, stored });
  if (changes === undefined || stored === undefined) return await loadTask(store, task);
  const record = readTaskRecord(stored.record);
  const { round } = record.round;
  const isSameRound = round === base.record.round.round;
  const known = isSameRound ? { shares: base.shares, rows: base.shareRows } : undefined;
  const asked = await readShares(store, task, round, known);
  const isLogged = record.logLength !== base.record.logLength;
  const lastEntry = isLogged ? await lastEntryOf(store, task, record) : base.lastEntry;
  const isLetIn = changes.some(({ slices }) => slices.some((it) => it.startsWith(ACCESS_PREFIX)));
  const access = isLetIn ? await readAccess(store, task) : base.access;
  // Nothing waits from here on: what is in memory changes as a whole.
  const updates = isSameRound ? base.updates : new Map<string, UpdateRow>();
  const { members } = base;
  for (const change of changes) {
    for (const id of change.removed) members.delete(id);
    for (const row of change.members) members.set(row.id, row);
    for (const row of change.updates) if (row.round === round) updates.set(row.member, row);
  }
  const { version } = stored;
  return {
    ...{ version, record, members, access, updates, lastEntry },
    ...{ shares: asked.shares, shareRows: asked.rows },
  };
}

/** What lies between two states, without a gap; undefined if that is not known. */
async function changesUpTo(
  { shared }: RoundStore,
  task: string,
  { base, stored }: { readonly base: TaskState; readonly stored: StoredRecord },
): Promise<readonly KeptChange[] | undefined> {
  const all = await shared?.changes(task, base.version);
  const changes = all?.filter(({ version }) => version <= stored.version) ?? [];
  const isWhole = stored.version > base.version &&
    changes.length === stored.version - base.version &&
    changes.every(({ version }, at) => version === base.version + 1 + at);
  return isWhole ? changes : undefined;
}
