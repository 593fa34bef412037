/**
 * Where a rule can be broken on purpose, by something that stands between a process and its world.
 *
 * @module
 */
import type { HelperStore } from "../../edge/helper/store.ts";
import type { RoundStore } from "../../edge/store.ts";
import type { Fetch } from "../../src/core/fetch.ts";
import type { Disk } from "./disk.ts";
import type { Role } from "./machine.ts";
import type { WorldPlan } from "./plan.ts";

/** A rule that is broken on purpose. */
export interface Mischief {
  /** Changes what the seed has drawn, so that the rule matters. */
  readonly plan?: (plan: WorldPlan) => WorldPlan;
  /** Stands before an aggregator's disk. */
  readonly disk?: (disk: Disk, role: Role) => Disk;
  /** Stands before a database, at each of the instances that share it. */
  readonly shared?: (store: RoundStore) => RoundStore;
  /** Stands before a helper's disk. */
  readonly helperDisk?: (store: HelperStore) => HelperStore;
  /** Stands before an aggregator's app. */
  readonly app?: (answer: Fetch) => Fetch;
}
