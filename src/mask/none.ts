/**
 * No masking: whoever adds parcels can read them.
 *
 * @module
 */
import { slicesDigest } from "../core/digest.ts";
import type { Mask } from "./mask.ts";
import { checkParcel, checkParcelPlan, checkSum, type ParcelPlan } from "./parcel.ts";
import { ringOf } from "./ring.ts";

/**
 * The scheme that leaves parcels as they are, for tasks whose regions may see single updates.
 *
 * @throws {TributaryError} `task-refused` for parcels whose sums do not fit.
 *
 * @example
 * ```ts
 * import { none } from "./mod.ts";
 *
 * const mask = none({ values: 1000, slotBits: 19, maxClients: 100, largest: 510 });
 * if (mask.parcelBytes !== 4000) throw new Error("a word a value");
 * ```
 */
export function none(plan: ParcelPlan): Mask {
  checkParcelPlan(plan);
  const ring = ringOf("u32");
  const parcelBytes = 4 * plan.values;
  return {
    name: "none",
    ring,
    parcelBytes,
    async mask(core, parcel, { digest }) {
      checkParcel(core, plan, parcel);
      const own = parcel.slice();
      const { slices, tree } = await slicesDigest(own, { sliceBytes: ring.sliceBytes, digest });
      return { parcel: own, slices, digest: tree, envelopes: [] };
    },
    open(_core, sum, { clients }) {
      checkSum(plan, { sum, clients, bytes: parcelBytes });
      return Promise.resolve(sum.slice());
    },
  };
}
