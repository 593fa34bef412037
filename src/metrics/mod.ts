/**
 * Figures by which models are compared.
 *
 * @module
 */
export * from "./ranking.ts";
export * from "./order.ts";
export * from "./roc.ts";
export * from "./log_loss.ts";
export * from "./classification.ts";
export * from "./regression.ts";
export * from "./leave_one_out.ts";
