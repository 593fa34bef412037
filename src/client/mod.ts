/**
 * The participant: a device that joins a region, trains in its rounds, and uses the model. And the
 * reader of a log, who trusts nobody.
 *
 * @module
 */
export type { CheckedHead, CheckedLog, CheckLogOptions } from "./check_log.ts";
export { checkLog, checkLogHead } from "./check_log.ts";
export type { ClientCores } from "./cores.ts";
export { inlineCores } from "./cores.ts";
export type { Insistence } from "./insistence.ts";
export type { JoinOptions, Training } from "./join_options.ts";
export { join } from "./join.ts";
export type { LocalModel, ScoredItem } from "./local_model.ts";
export { memoryState } from "./memory_state.ts";
export type { Participant } from "./participant.ts";
export type { TokenSource } from "./regions.ts";
export type { MissedReason, RoundReport } from "./round_report.ts";
