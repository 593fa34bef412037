/**
 * All schemes by the names that tasks write.
 *
 * @module
 */
import { fromBase64Url } from "../core/bytes.ts";
import type { HelperInfo, MaskPlan } from "../wire/mask_plan.ts";
import { kahe1 } from "./kahe1.ts";
import type { Mask } from "./mask.ts";
import { none } from "./none.ts";
import type { ParcelPlan } from "./parcel.ts";
import { secaggPlus } from "./secagg_plus.ts";
import { twoHelper } from "./two_helper.ts";

/**
 * The scheme of a task.
 *
 * @param plan    How the task says that parcels are masked.
 * @param parcels Its parcels before they are masked.
 * @throws {TributaryError} `task-refused` with the numbers, where sums of such parcels do not fit or
 * would not open rightly, or helpers are too few for the threshold.
 */
export function maskOf(plan: MaskPlan, parcels: ParcelPlan): Mask {
  switch (plan.kind) {
    case "none":
      return none(parcels);
    case "kahe1": {
      const { threshold, colluding } = plan;
      return kahe1({ ...parcels, committee: { helpers: keysOf(plan), threshold, colluding } });
    }
    case "two_helper":
      return twoHelper({ ...parcels, helpers: keysOf(plan) });
    case "secagg_plus":
      return secaggPlus(plan, parcels);
    default:
      throw plan satisfies never;
  }
}

function keysOf({ helpers }: { readonly helpers: readonly HelperInfo[] }): Uint8Array[] {
  return helpers.map(({ key }) => fromBase64Url(key));
}
