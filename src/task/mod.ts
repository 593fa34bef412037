/**
 * Tasks: defined, checked, described.
 *
 * @module
 */
export * from "./check_task.ts";
export * from "./define_task.ts";
export * from "./describe_task.ts";
export type { MaskOptions, PartialPlan } from "./mask_options.ts";
export type { MechanismOptions, PrivacyOptions } from "./privacy_options.ts";
