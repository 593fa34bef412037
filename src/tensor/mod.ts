/**
 * Tensors on a device, operators over them, and their gradients.
 *
 * A backend holds the memory and runs the kernels; a tape computes on it and remembers how. Memory and
 * kernels of the wasm backend are those of a core, from `createTrainCore`.
 *
 * @module
 */
export * from "./arithmetic.ts";
export * from "./attention.ts";
export * from "./backend.ts";
export * from "./columns.ts";
export * from "./curves.ts";
export * from "./dropout.ts";
export * from "./elementwise_losses.ts";
export * from "./embedding.ts";
export type {
  ElementwiseKernel,
  KernelName,
  LossKernel,
  MatrixKernel,
  OptimiserKernel,
  RowKernel,
  SequenceKernel,
} from "./kernels.ts";
export * from "./layout.ts";
export * from "./linear.ts";
export type { Reduction } from "./loss.ts";
export * from "./matmul.ts";
export * from "./norm.ts";
export * from "./reduce.ts";
export * from "./rows.ts";
export * from "./softmax.ts";
export * from "./softmax_cross_entropy.ts";
export * from "./tape.ts";
export type { BackwardPass, Indices, ParameterSlots, Variable } from "./variable.ts";
export * from "./wasm_backend.ts";
export type { CoreMemory, Span } from "../wasm/core_memory.ts";
export type { KernelAccess, RawKernel } from "../wasm/train_kernels.ts";
