/**
 * Revoking a member, and listing who is one.
 *
 * @module
 */
import { type ListedMember, MAX_MEMBERS_PAGE, type Revocation } from "../../src/wire/operator.ts";
import type { Draft } from "../task/draft.ts";
import type { TaskState } from "../task/task_state.ts";

/**
 * Takes a member off the roster, and keeps it off. What it has sent in the open round stays in the sum:
 * it was acknowledged, and a parcel that was added cannot be told from the others any more.
 */
export function revokeMember(draft: Draft, member: string, { release }: Revocation): void {
  if (draft.member(member) !== undefined) draft.setMember(member, undefined);
  if (!draft.access.isRevoked(member)) draft.access.setRevoked(member, true);
  if (release) draft.access.handOn(member, undefined);
}

/** Members and those that were revoked, with ids above `after`, at most a page of them. */
export function rosterPage(
  { members, access }: Pick<TaskState, "members" | "access">,
  after: string,
): ListedMember[] {
  const ids = [...members.keys(), ...access.revoked].filter((id) => id > after).sort();
  return ids.slice(0, MAX_MEMBERS_PAGE).map((id) => {
    const row = members.get(id);
    return row === undefined
      ? { id, size: 0, revoked: true }
      : { id, kind: row.kind, size: row.size, revoked: false };
  });
}
