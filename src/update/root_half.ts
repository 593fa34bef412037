/**
 * The root's half of a private task, as its updates are laid out.
 *
 * @module
 */
import { type RootPrivacy, rootPrivacy } from "../privacy/root_privacy.ts";
import type { AggregateCore } from "../wasm/aggregate.ts";
import { gridOf, type PrivateUpdatePlan } from "./private_plan.ts";

/**
 * What the root does for the privacy of a plan, which was checked: the noise that it adds, and the bound
 * that follows the updates.
 *
 * @param core Makes the noise's keystream, and is used during calls only.
 */
export function rootHalf(core: AggregateCore, plan: PrivateUpdatePlan): RootPrivacy {
  const { clip, mechanism, adaptiveClip } = plan.privacy;
  const { stddev, words: values } = gridOf(plan);
  return rootPrivacy(core, {
    ...{ clip, mechanism, stddev, values },
    ...(adaptiveClip && { adaptiveClip }),
  });
}
