/**
 * Whose tasks a helper serves.
 *
 * @module
 */

/** A task that its owner wants served, once the helper has found that it names this helper. */
export interface TaskApplicant {
  /** Digest of the task. */
  readonly task: string;
  /** What its owner calls it. */
  readonly name: string;
  /** Identity id of the owner, who has signed the task and the request. */
  readonly owner: string;
}

/** Decides about a task; a false one is refused with `owner-refused`. */
export type AdmitTask = (applicant: TaskApplicant) => boolean | Promise<boolean>;

/** Serves everyone's tasks that name this helper. */
export const admitAnyTask: AdmitTask = () => true;

/** Serves the tasks of these owners alone. */
export function admitOwners(owners: readonly string[]): AdmitTask {
  const known = new Set(owners);
  return ({ owner }) => known.has(owner);
}
