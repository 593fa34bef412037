/**
 * Helpers: the members of a task's committee, who hold the shares of clients' keys.
 *
 * @module
 */
export { admitAnyTask, admitOwners } from "./admission.ts";
export type { AdmitTask, TaskApplicant } from "./admission.ts";
export { createHelperApp } from "./app.ts";
export type { HelperAppOptions } from "./app.ts";
export { DEFAULT_HELPER_LIMITS } from "./limits.ts";
export type { HelperLimits } from "./limits.ts";
export type { AnswerRow, HelperStore } from "./store.ts";
export type { NonceLog, SeenRequest } from "../../src/wire/nonce_log.ts";
