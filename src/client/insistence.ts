/**
 * What a device insists on before it joins a task. The task's owner chooses who may look at sums and how
 * much noise is in them; a device that takes any task takes one without either.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import { helpersOf, type MaskPlan } from "../wire/mask_plan.ts";
import type { PrivacyPlan } from "../wire/privacy_plan.ts";
import type { Task } from "../wire/task.ts";

/** What is looked at of a task. */
export type TaskPromises = Pick<Task, "mask"> & { readonly privacy?: Pick<PrivacyPlan, "epsilon"> };

/** Conditions on a task; what is left out is not asked for. */
export interface Insistence {
  /** Schemes that will do. */
  readonly masks?: readonly MaskPlan["kind"][];
  /**
   * Raw Ed25519 keys, base64url, of helpers that the device knows to be run by others than the task's
   * owner. Of a task's helpers no more may be unknown than it allows to work with the root.
   */
  readonly helpers?: readonly string[];
  /** Fewest clients of a sum that is opened. */
  readonly min?: number;
  /** Largest `ε` of all rounds together; a task that promises none is refused. */
  readonly epsilon?: number;
}

/**
 * Checks a task against what a device insists on.
 *
 * @throws {TributaryError} `task-refused` with what was found and what is insisted on.
 */
export function checkInsistence(
  { mask, privacy }: TaskPromises,
  { masks, helpers, min, epsilon }: Insistence,
): void {
  if (masks !== undefined && !masks.includes(mask.kind)) {
    refuse(`it masks by ${mask.kind}, expected ${masks.join(" or ")}`);
  }
  if (helpers !== undefined) {
    const unknown = helpersOf(mask).filter(({ identity }) => !helpers.includes(identity));
    const most = mask.kind === "kahe1" ? mask.colluding : mask.kind === "two_helper" ? 1 : 0;
    if (mask.kind === "none" || unknown.length > most) {
      refuse(
        `${unknown.length} of its ${helpersOf(mask).length} helpers are unknown, ` +
          `expected a committee of which at most ${most} are`,
      );
    }
  }
  const least = mask.kind === "none" ? 1 : mask.min;
  if (min !== undefined && least < min) {
    refuse(`it opens sums of ${least} clients, expected at least ${min}`);
  }
  if (epsilon !== undefined && !(privacy !== undefined && privacy.epsilon <= epsilon)) {
    refuse(
      `it promises ${privacy === undefined ? "no ε" : `ε = ${privacy.epsilon}`}, ` +
        `expected at most ${epsilon}`,
    );
  }
}

function refuse(found: string): never {
  throw new TributaryError("task-refused", `Cannot join a task: ${found}`);
}
