/**
 * Neural networks: layers, losses, optimisers, schedules.
 *
 * @module
 */
export * from "./initial.ts";
export * from "./parameters.ts";
export * from "./schedule.ts";
