/**
 * A task as whoever watches it sees it: figures and members, read off its state.
 *
 * @module
 */
import type { ObservedMember, ObservedRound } from "../observer.ts";
import type { Presence } from "./presence.ts";
import type { TaskState } from "./task_state.ts";

/** How a task's round stands, and its members to it. */
export function lookAt(
  { record, members, updates, shares }: TaskState,
  presence: Pick<Presence, "of">,
): ObservedRound {
  const { phase, progress, role } = record.round;
  return {
    role,
    sums: progress.sums ?? 0,
    logLength: record.logLength,
    ...("facts" in phase && { asked: phase.facts.sample.asked }),
    ...(phase.kind === "open" && {
      open: { openedAtMs: phase.facts.openedAtMs, deadlineMs: phase.facts.deadlineMs },
    }),
    members: () =>
      Array.from(members.values(), ({ id, kind, size }): ObservedMember => {
        const share = shares.get(id)?.clients;
        const sent = updates.get(id)?.clients;
        return {
          ...{ id, kind, size, isThere: presence.of(id) > 0 },
          ...(share === undefined ? {} : { share }),
          ...(sent === undefined ? {} : { sent }),
        };
      }),
  };
}
