/**
 * Which members may be asked in the next round.
 *
 * @module
 */
import type { Candidate } from "../../src/round/sample.ts";
import type { MemberRow } from "../store.ts";
import type { TaskLife } from "./task_life.ts";

/**
 * All members, with their clients; where the task samples by availability, with those at hand. A
 * region may say so before it has told how many clients it has in all.
 */
export function candidatesOf(
  { presence, signed }: Pick<TaskLife, "presence" | "signed">,
  members: Iterable<MemberRow>,
): Candidate[] {
  const isByPresence = signed.task.sampling.kind === "available";
  return Array.from(members, ({ id, kind, size }) => ({
    id,
    kind,
    size: isByPresence ? presence.of(id) : size,
  }));
}
