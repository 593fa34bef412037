/**
 * What tests of the simulator share: a small task, its people, and a checkpoint in memory.
 *
 * @module
 */
import { ials } from "../models/mod.ts";
import { defineTask, type TaskDefinition } from "../task/define_task.ts";
import type { Task } from "../wire/task.ts";
import { inventPeople } from "../../tests/people.ts";
import type { Checkpoint, SavedSimulation, SimulationChange } from "./checkpoint.ts";
import type { KeptValue } from "./device_states.ts";
import type { SimulatedClient } from "./options.ts";

/** Clients of {@link testClients}. */
export const CLIENTS = 12;
const ITEMS = 30;

/** People with a few films each. */
export async function testClients(): Promise<SimulatedClient[]> {
  const people = await inventPeople({ people: CLIENTS, items: ITEMS });
  return people.map((examples) => ({ examples }));
}

/** A task of all of them, or of two at least, for three rounds. */
export function testTask(change: Partial<TaskDefinition> = {}): Task {
  return defineTask({
    name: "films",
    model: ials({ items: ITEMS, dim: 4 }),
    clients: { min: 2, max: CLIENTS },
    stop: { rounds: 3 },
    ...change,
  });
}

/** A checkpoint in memory. */
export interface MemoryCheckpoint extends Checkpoint {
  /** What it was asked to save, in order. */
  readonly changes: readonly SimulationChange[];
}

/** Keeps what it is given as a file would: JSON as text, bytes as copies. */
export function memoryCheckpoint(): MemoryCheckpoint {
  const changes: SimulationChange[] = [];
  const kept = new Map<string, KeptValue>();
  return {
    changes,
    load() {
      const last = changes.at(-1);
      if (last === undefined) return Promise.resolve(undefined);
      const { key, tree, model, strategy } = last;
      const saved: SavedSimulation = {
        ...{ key, tree, model, strategy },
        rounds: changes.map(({ round }) => round),
        kept: [...kept.values()],
      };
      return Promise.resolve(saved);
    },
    save({ tree, round, model, strategy, kept: values, ...rest }) {
      for (const value of values) {
        const { client, key } = value;
        kept.set(`${client} ${key}`, { client, key, value: value.value.slice() });
      }
      changes.push({
        ...rest,
        ...JSON.parse(JSON.stringify({ tree, round })),
        model: model.slice(),
        strategy: strategy.slice(),
        kept: structuredClone(values),
      });
      return Promise.resolve();
    },
  };
}
