/**
 * Strategies: how a sum of updates becomes the next model.
 *
 * @module
 */
export * from "./strategy.ts";
export * from "./registry.ts";
export { fedAvg } from "./fedavg.ts";
export type { FedAvgOptions } from "./fedavg.ts";
export { fedAdam } from "./fedadam.ts";
export type { FedAdamOptions } from "./fedadam.ts";
export { rowwise } from "./rowwise.ts";
export type { RowwiseOptions } from "./rowwise.ts";
export { alsExact } from "./als_exact.ts";
export type { AlsExactOptions } from "./als_exact.ts";
export { alsNewton } from "./als_newton.ts";
export type { AlsNewtonOptions } from "./als_newton.ts";
