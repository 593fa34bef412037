/**
 * The WebAssembly cores: how they are loaded, and typed handles over their memory.
 *
 * @module
 */

export * from "./aggregate.ts";
export * from "./core_instance.ts";
export * from "./core_memory.ts";
export * from "./core_trap.ts";
export * from "./inline.ts";
export * from "./kahe.ts";
export * from "./noise.ts";
export type { Simd } from "./simd.ts";
export * from "./train.ts";
export * from "./train_als.ts";
export * from "./train_kernels.ts";
export * from "./train_linear.ts";
export * from "./train_mf.ts";
export * from "./train_rows.ts";
