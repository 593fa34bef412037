/**
 * secagg_plus: the root learns the sum without helpers, by five messages of each client (J. H. Bell et
 * al., "Secure single-server aggregation with (poly)logarithmic overhead", 2020).
 *
 * A client's parcel is masked by a seed of its own and by one that it shares with each of its
 * neighbours, which adds it where the client takes it away. Its secrets are shared among its neighbours:
 * once a sum is sealed, these give the root the own seed of a client that is in it, or the key of its
 * shared ones if it is not, never both.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import type { Mask } from "./mask.ts";
import type { ParcelPlan } from "./parcel.ts";
import type { SecaggPlan } from "./secagg_plus_round.ts";
import { secaggParameters } from "./secagg_plus_table.ts";
import { type SeedMasks, seedMasks } from "./seed_masks.ts";

/** A scheme whose clients exchange messages with the root before and after they send a parcel. */
export interface PhasedMask {
  /** The task's parameters. */
  readonly plan: SecaggPlan;
  /** Masks and opens, once the messages have given the seeds. */
  readonly masks: SeedMasks;
}

/**
 * Checks that a task's parameters are the table's for its most clients: when it is made, and again by
 * every client, as an owner that chose smaller ones could open more than sums.
 *
 * @throws {TributaryError} `task-refused`.
 */
export function checkSecaggPlan(
  { neighbours, threshold, min }: SecaggPlan,
  { maxClients }: Pick<ParcelPlan, "maxClients">,
): void {
  const expected = secaggParameters(maxClients);
  if (neighbours !== expected.neighbours || threshold !== expected.threshold) {
    throw new TributaryError(
      "task-refused",
      `Cannot mask for ${maxClients} clients with ${neighbours} neighbours of whom ${threshold} must answer: expected ${expected.neighbours} and ${expected.threshold}`,
    );
  }
  if (min < 2) {
    throw new TributaryError(
      "task-refused",
      `Cannot open a sum of ${min} clients: expected 2 or more`,
    );
  }
}

/**
 * The scheme of a task.
 *
 * @throws {TributaryError} `task-refused` for a plan that {@link checkSecaggPlan} refuses, or parcels
 * whose sums do not fit or would not open rightly.
 *
 * @example Parcels of up to 4096 values are padded, longer ones masked as kahe1 does
 * ```ts
 * import { secaggParameters, secaggPlus } from "./mod.ts";
 *
 * const parcels = { slotBits: 19, maxClients: 100, largest: 510 };
 * const plan = { ...secaggParameters(100), min: 20 };
 * const rings = [4096, 4097].map((values) => secaggPlus(plan, { ...parcels, values }).ring.name);
 * if (rings.join() !== "u32,rns30") throw new Error("unexpected rings");
 * ```
 */
export function secaggPlus(plan: SecaggPlan, parcels: ParcelPlan): Mask {
  checkSecaggPlan(plan, parcels);
  const masks = seedMasks(parcels);
  const alone = (what: string): never => {
    throw new TypeError(`Cannot ${what} by secagg_plus alone: expected the messages of its phases`);
  };
  return {
    name: "secagg_plus",
    ring: masks.ring,
    parcelBytes: masks.parcelBytes,
    phases: { plan, masks },
    mask: () => Promise.resolve(alone("mask")),
    open: () => Promise.resolve(alone("open")),
  };
}
