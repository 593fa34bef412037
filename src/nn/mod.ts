/**
 * Neural networks: layers, losses, optimisers, schedules, over a tape.
 *
 * @module
 */
export * from "./attention.ts";
export * from "./dropout.ts";
export * from "./embedding.ts";
export * from "./initial.ts";
export { bindPart, partParameters, sequential } from "./layer.ts";
export type { Forward, Layer, ParameterSource, Parts, Pass } from "./layer.ts";
export * from "./linear.ts";
export * from "./norm.ts";
export * from "./optimizer.ts";
export { adagrad, adam, adamw, rmsprop, rowAdagrad, sgd } from "./optimizer_options.ts";
export type {
  AdagradOptions,
  AdamOptions,
  OptimizerOptions,
  RmspropOptions,
  SgdOptions,
} from "./optimizer_options.ts";
export { placeParameters } from "./parameter_block.ts";
export type { ParameterBlock } from "./parameter_block.ts";
export { initialParameters, loadParameters, saveParameters } from "./parameters.ts";
export type { ParameterSpec } from "./parameters.ts";
export { scheduleFactor } from "./schedule.ts";
export type * from "./schedule.ts";
export * from "./transformer.ts";
