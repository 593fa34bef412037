/**
 * Whether a task keeps what it promises about privacy: checked where it is made, at its root, and by
 * every client.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import { isSound } from "../privacy/choose_blt.ts";
import { CLIP_BIT } from "../privacy/root_privacy.ts";
import type { MaskPlan } from "../wire/mask_plan.ts";
import type { PrivacyPlan } from "../wire/privacy_plan.ts";
import { type Task, updatePlan } from "../wire/task.ts";
import type { UpdateTensorSpec } from "./plan.ts";
import { checkSpend } from "./private_plan.ts";

/** The tensor of the bit by which a bound adapts. */
export const CLIP_BIT_TENSOR: UpdateTensorSpec = { name: CLIP_BIT, shape: [1], range: 0.5 };

/**
 * Fewest clients in any sum that is opened. Without a mask that is a round's; who sees the parcels of
 * such a task sees one client's share of the noise on each, and no more.
 */
export function fewestOpened(mask: MaskPlan, clients: { readonly min: number }): number {
  return mask.kind === "none" ? clients.min : mask.min;
}

/**
 * Checks what a task promises against its plan: that each opened sum has as much noise as is counted
 * on, that updates and noise fit their slots, and that all rounds together spend no more than they may.
 *
 * @throws {TributaryError} `task-refused`, with the numbers.
 */
export function checkPrivacy(task: Task): void {
  const { privacy, update, mask, clients, sampling, stop } = task;
  if (privacy === undefined) return;
  if (update.clip !== null) {
    refuse(
      `Cannot clip updates to ${update.clip} where a promise about privacy bounds them: expected update.clip null`,
    );
  }
  checkMechanism(privacy);
  const bit = update.tensors.find(({ name }) => name === CLIP_BIT);
  const hasBit = bit !== undefined && bit.range === CLIP_BIT_TENSOR.range &&
    bit.shape.length === 1 && bit.shape[0] === 1;
  if (hasBit !== (privacy.adaptiveClip !== undefined) || (bit !== undefined && !hasBit)) {
    refuse(
      `Cannot adapt the bound on updates: expected "${CLIP_BIT}" of one value within ±0.5 among the tensors where, and only where, the bound adapts`,
    );
  }
  if (privacy.mechanism.kind === "skellam") {
    const fewest = fewestOpened(mask, clients);
    const { shares } = privacy.mechanism;
    if (shares > fewest) {
      refuse(
        `Cannot count on noise of ${shares} clients: sums of ${fewest} may be opened, expected at most those`,
      );
    }
  }
  checkSpend({ ...updatePlan(task), privacy }, { sums: stop.rounds, sampling });
}

function checkMechanism({ mechanism, adaptiveClip }: PrivacyPlan): void {
  if (mechanism.kind !== "ftrl") return;
  if (adaptiveClip !== undefined) {
    refuse(
      "Cannot adapt the bound on updates under ftrl: expected one bound, as later rounds take noise of earlier ones back",
    );
  }
  if (!isSound(mechanism)) {
    refuse(
      `Cannot take noise back by decays ${mechanism.decay.join(", ")} and weights ${
        mechanism.weight.join(", ")
      }: expected as many of each, decays between 0 and 1, and weights above 0 that add up to at most 1`,
    );
  }
}

function refuse(detail: string): never {
  throw new TributaryError("task-refused", detail);
}
