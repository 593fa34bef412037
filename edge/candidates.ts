/**
 * Which members may be asked in the next round.
 *
 * @module
 */
import type { Candidate } from "../src/round/sample.ts";
import type { MemberRow } from "./store.ts";
import type { TaskLife } from "./task_life.ts";

/** All members, or where the task samples by availability, those that are there. */
export function candidatesOf(
  { presence, signed }: Pick<TaskLife, "presence" | "signed">,
  members: Iterable<MemberRow>,
): Candidate[] {
  const byPresence = signed.task.sampling.kind === "available";
  return Array.from(members, ({ id, kind, size }) => ({
    id,
    kind,
    size: byPresence ? Math.min(size, presence.of(id)) : size,
  })).filter(({ size }) => size > 0);
}
