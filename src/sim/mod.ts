/**
 * The simulator: a task's clients, regions and root in one process, over the code of live ones, with
 * a virtual clock and seeded faults.
 *
 * @module
 */
export type {
  Checkpoint,
  SavedSimulation,
  SimulationChange,
  SimulationState,
} from "./checkpoint.ts";
export type { KeptValue } from "./device_states.ts";
export type { Faults, Pace } from "./faults.ts";
export type { SimulatedClient, SimulateOptions, SimulationProgress } from "./options.ts";
export type { SimulatedRound, Simulation } from "./result.ts";
export { simulate } from "./simulate.ts";
