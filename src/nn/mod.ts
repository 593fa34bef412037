/**
 * Neural networks: layers, initialisers, optimisers, schedules, over a tape of `./tensor`, whose
 * operators and losses they are used with.
 *
 * @example A small network learns "one or the other, not both"
 * ```ts
 * import { bceWithLogits, createWasmBackend, Tape } from "../tensor/mod.ts";
 * import { createTrainCore, inlineModule } from "../wasm/mod.ts";
 * import { adam, createOptimizer, initialParameters, linear, placeParameters, sequential } from "./mod.ts";
 *
 * const { parameters, bind } = sequential({
 *   hidden: linear({ inputs: 2, outputs: 8, activation: "tanh" }),
 *   output: linear({ inputs: 8, outputs: 1 }),
 * });
 * using core = createTrainCore(await inlineModule("train"));
 * const tape = new Tape(createWasmBackend(core));
 * const values = initialParameters(parameters, new Uint8Array(32));
 * const block = placeParameters(tape, { parameters, values });
 * const [forward, optimizer] = [bind(block.variable), createOptimizer(block, adam({ lr: 0.1 }))];
 * const x = tape.constant(Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1), [4, 2]);
 * const y = tape.constant(Float32Array.of(0, 1, 1, 0), [4, 1]);
 * for (let step = 0; step < 100; step++) {
 *   tape.step(() => tape.backward(bceWithLogits(tape, forward({ tape }, x), y)));
 *   optimizer.step();
 * }
 * const logits = await tape.evaluate(() => tape.read(forward({ tape }, x)));
 * if (logits.map((z) => z > 0 ? 1 : 0).join() !== "0,1,1,0") throw new Error(logits.join());
 * ```
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
  OptimizerSettings,
  RmspropOptions,
  SgdOptions,
} from "./optimizer_options.ts";
export { placeParameters } from "./parameter_block.ts";
export type { ParameterBlock } from "./parameter_block.ts";
export { initialParameters, loadParameters, saveParameters } from "./parameters.ts";
export type { ParameterSpec } from "./parameters.ts";
export { scheduleFactor } from "./schedule.ts";
export type {
  ConstantSchedule,
  CosineSchedule,
  ExponentialSchedule,
  PiecewiseSchedule,
  ScheduleOptions,
  StepSchedule,
  WarmupDecaySchedule,
  WarmupSchedule,
} from "./schedule.ts";
export * from "./transformer.ts";
