/**
 * Tensors on a device, operators over them, and their gradients.
 *
 * A backend holds the memory and runs the kernels; a tape computes on it and remembers how.
 *
 * @module
 */
export * from "./backend.ts";
export * from "./elementwise_losses.ts";
export * from "./linear.ts";
export * from "./softmax_cross_entropy.ts";
export * from "./tape.ts";
export * from "./wasm_backend.ts";
