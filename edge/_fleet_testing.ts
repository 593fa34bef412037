/**
 * What the tests of fleets share: instances of one region, in this process or over one database.
 *
 * @module
 */
import type { Clock } from "../src/core/clock.ts";
import { generateIdentity } from "../src/core/identity.ts";
import { createRegionProcess, type Process } from "./_tree_testing.ts";
import { sharedMemory } from "./memory/shared_memory.ts";
import type { RoundStore } from "./store.ts";
import type { TaskRecord } from "./task/task_state.ts";

/** How a fleet is made. */
export interface FleetOptions {
  /** How many instances. */
  readonly instances: number;
  /** Opens the store that they share; one in memory by default. */
  open?(): RoundStore | Promise<RoundStore>;
  /** Stands between an instance and the store. */
  wrap?(store: RoundStore, instance: number): RoundStore;
}

/** Instances of one region, not started yet. */
export async function createFleet(
  clock: Clock,
  parent: Process,
  { instances, open, wrap }: FleetOptions,
): Promise<Process[]> {
  const memory = sharedMemory(clock);
  const identity = await generateIdentity();
  const fleet: Process[] = [];
  for (let at = 0; at < instances; at++) {
    const store = await (open ?? memory.open)();
    fleet.push(
      await createRegionProcess(clock, parent, {
        ...{ identity, store },
        ...(wrap && { wrap: (store) => wrap(store, at) }),
      }),
    );
  }
  return fleet;
}

/** Notes in which lanes each round has had sums. */
export function watchLanes(lanes: Map<number, Set<number>>): NonNullable<FleetOptions["wrap"]> {
  return (store) => ({
    ...store,
    async write(task, expected, change) {
      const isDone = await store.write(task, expected, change);
      const { round, sums } = change.record as unknown as TaskRecord;
      const seen = lanes.get(round.round) ?? new Set();
      if (isDone) lanes.set(round.round, seen);
      for (const group of isDone ? Object.values(sums) : []) {
        for (const lane of Object.keys(group)) seen.add(Number(lane));
      }
      return isDone;
    },
  });
}
