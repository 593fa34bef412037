/**
 * What uploads and sums have left in the store that nothing refers to: of a process that died, or a
 * write that never happened.
 *
 * @module
 */
import { EVIDENCE_PREFIX, ROSTER_PREFIX, rosterName } from "../upload/kept_evidence.ts";
import { sumNames } from "../sum/lanes.ts";
import type { RoundStore } from "../store.ts";
import type { TaskState } from "./task_state.ts";

/** What is staged, or written beside a record; the number of its round comes next. */
const PREFIXES = ["upload/", "sum/", EVIDENCE_PREFIX, ROSTER_PREFIX];

/**
 * Removes what is left of rounds that are over, and that the record does not name. What belongs to the
 * round that is open stays: an upload may go on, and another instance be about to write.
 *
 * @param read Reads the state as it is stored, after the names were listed.
 */
export async function sweepOrphans(
  store: RoundStore,
  task: string,
  read: () => Promise<TaskState>,
): Promise<void> {
  const names: string[] = [];
  for (const prefix of PREFIXES) names.push(...await store.sliceNames(task, prefix));
  if (names.length === 0) return;
  const { record, updates } = await read();
  const { round, phase } = record.round;
  const kept = new Set([...sumNames(record.sums), rosterName(round)]);
  for (const { evidence } of updates.values()) if (evidence) kept.add(evidence.name);
  for (const name of names) {
    const of = Number(name.split("/")[1]);
    const isOver = of < round || (of === round && phase.kind !== "open");
    if (isOver && !kept.has(name)) await store.drop(task, name);
  }
}
