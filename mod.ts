/**
 * Tributary: federated learning whose tree of aggregators lives in edge functions.
 *
 * Define a task, join a region from a device, check what a root has published. Aggregators are under
 * `./edge`, readers and splits under `./data`, figures of quality under `./metrics`.
 *
 * @module
 */
export * from "./src/core/errors.ts";
export * from "./src/core/identity.ts";
export * from "./src/core/safetensors.ts";
export * from "./src/core/tensor.ts";
export * from "./src/core/trainer.ts";
export type { Clock, SleepOptions } from "./src/core/clock.ts";
export type { Digest } from "./src/core/digest.ts";
export type { Fetch } from "./src/core/fetch.ts";
export type { RandomSource } from "./src/core/random.ts";
export * from "./src/models/mod.ts";
export {
  adagrad,
  type AdagradOptions,
  adam,
  type AdamOptions,
  adamw,
  type OptimizerOptions,
  type OptimizerSettings,
  rmsprop,
  type RmspropOptions,
  rowAdagrad,
  sgd,
  type SgdOptions,
} from "./src/nn/optimizer_options.ts";
export type {
  ConstantSchedule,
  CosineSchedule,
  ExponentialSchedule,
  PiecewiseSchedule,
  ScheduleOptions,
  StepSchedule,
  WarmupDecaySchedule,
  WarmupSchedule,
} from "./src/nn/schedule.ts";
export * from "./src/strategy/mod.ts";
export * from "./src/task/mod.ts";
export * from "./src/client/mod.ts";
export {
  type AggregateCore,
  createAggregateCore,
  type DequantiseOptions,
  type GridOptions,
  type QuantiseOptions,
} from "./src/wasm/aggregate.ts";
export type { CoreMemory, Span } from "./src/wasm/core_memory.ts";
export { type CoreName, inlineModule, type InlineOptions } from "./src/wasm/inline.ts";
export type { NoiseKernels, NoiseOptions, RoundOptions } from "./src/wasm/noise.ts";
export type { Simd } from "./src/wasm/simd.ts";
export { createTrainCore, type TrainCore } from "./src/wasm/train.ts";
export type {
  AlsExactStepOptions,
  AlsKernels,
  AlsNewtonStepOptions,
  AlsStepOptions,
} from "./src/wasm/train_als.ts";
export type { KernelAccess, RawKernel } from "./src/wasm/train_kernels.ts";
export type {
  InvertOptions,
  LinearKernels,
  SolveOptions,
  TableOptions,
} from "./src/wasm/train_linear.ts";
export type { FitPersonOptions, MfKernels, StepRowsOptions } from "./src/wasm/train_mf.ts";
export type {
  GatherOptions,
  RowAdagradOptions,
  RowKernels,
  RowSelection,
  RowSgdOptions,
  ScatterAddOptions,
  ScoresOptions,
} from "./src/wasm/train_rows.ts";
export type { Json } from "./src/core/json.ts";
export type { ChainPlan, UpdatePlan, UpdateTensorSpec } from "./src/update/mod.ts";
export { type TaskSpend, taskSpend } from "./src/update/private_plan.ts";
export type { FinishReason, ModelInfo } from "./src/wire/round_info.ts";
export type { Receipt, ReceiptBody } from "./src/wire/receipt.ts";
export type { LoggedSpend, Spent } from "./src/wire/log.ts";
export type {
  AdaptiveClip,
  FtrlPlan,
  GaussianPlan,
  PrivacyMechanism,
  PrivacyPlan,
  SkellamPlan,
} from "./src/wire/privacy_plan.ts";
export type { Sampling } from "./src/wire/sampling.ts";
export {
  type Choice,
  type RootKey,
  type SignedTask,
  signTask,
  signTaskFor,
  type StopRules,
  type Task,
  taskId,
  type UpdatePlanDocument,
  type UpdateTensor,
} from "./src/wire/task.ts";
export { type LogHead, type LogHeadBody, verifyLogHead } from "./src/wire/log_head.ts";
export { type LogSummary, verifyLog, type VerifyLogOptions } from "./src/wire/verify_log.ts";
