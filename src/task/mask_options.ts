/**
 * How a task's author says that parcels are masked, and what is filled in.
 *
 * @module
 */
import { committeeOf } from "../mask/committee.ts";
import { secaggParameters } from "../mask/secagg_plus_table.ts";
import type { MaskPlan } from "../wire/mask_plan.ts";

/** A plan of one kind, of which all but the named fields may be left out. */
export type PartialPlan<Kind extends MaskPlan["kind"], Needed extends PropertyKey> =
  & { readonly kind: Kind }
  & Pick<Extract<MaskPlan, { kind: Kind }>, Needed & keyof Extract<MaskPlan, { kind: Kind }>>
  & Partial<Extract<MaskPlan, { kind: Kind }>>;

/** A mask plan whose numbers have defaults. */
export type MaskOptions =
  | { readonly kind: "none" }
  | PartialPlan<"kahe1", "helpers">
  | PartialPlan<"two_helper", "helpers">
  | PartialPlan<"secagg_plus", never>;

/**
 * The plan with its defaults: sums of no fewer than `clients.min`, one group, and the usual committee
 * of so many helpers, or the table's neighbours for so many clients.
 */
export function completeMask(
  options: MaskOptions,
  clients: { readonly min: number; readonly max: number },
): MaskPlan {
  const usual = { min: Math.max(2, clients.min), groups: 1 };
  switch (options.kind) {
    case "none":
      return options;
    case "kahe1": {
      const { threshold, colluding } = committeeOf(options.helpers.map(() => new Uint8Array(32)));
      return { threshold, colluding, ...usual, ...options };
    }
    case "two_helper":
      return { ...usual, ...options };
    case "secagg_plus":
      return { ...secaggParameters(clients.max), min: usual.min, ...options };
    default:
      throw options satisfies never;
  }
}
