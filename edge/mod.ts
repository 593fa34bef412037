/**
 * Aggregators for any platform that speaks `fetch`.
 *
 * @module
 */
export { admitAll, admitByAnyOf, admitByTicket, admitByToken } from "./access/admission.ts";
export type { Admission, Admit, Applicant } from "./access/admission.ts";
export { admitByJwt } from "./access/jwt_admission.ts";
export type { JwtAdmissionOptions, JwtAlgorithm } from "./access/jwt_admission.ts";
export type { Aggregator, AggregatorOptions, AggregatorTask } from "./aggregator.ts";
export { createAggregatorApp } from "./app.ts";
export type { AggregatorApp, AggregatorAppOptions } from "./app.ts";
export { DEFAULT_LIMITS } from "./limits.ts";
export type { Limits } from "./limits.ts";
export type { Logger, LogLine } from "./logger.ts";
export type {
  Observed,
  ObservedMember,
  ObservedRound,
  ObservedTask,
  Observer,
} from "./observer.ts";
export type { Note, Trace, Work } from "./trace.ts";
export { rekeyRegion } from "./region/rekey.ts";
export type { RekeyOptions } from "./region/rekey.ts";
export type { Rate } from "./http/rate_limit.ts";
export { addressFromHeader, connectionAddress } from "./http/sender_address.ts";
export type { AddressOf } from "./http/sender_address.ts";
export type { ParentOptions } from "./region/region.ts";
export type { NewTask, StrategyOf } from "./root/root.ts";
export type { KeptChange, Lease, SharedStore } from "./shared_store.ts";
export { MAX_SLICE_BYTES } from "./store.ts";
export type {
  LogRow,
  MemberRow,
  RoundStore,
  SliceRow,
  StoreChange,
  StoredRecord,
  UpdateRow,
} from "./store.ts";
export { REQUEST_FIELD } from "./http/web_app.ts";
export type {
  AbandonReason,
  LogBody,
  LogEntry,
  LogEvent,
  LoggedRound,
  LogPage,
} from "../src/wire/log.ts";
export type { GroupOutcome, LoggedGroup, SealedGroup } from "../src/wire/log_groups.ts";
export type { Party } from "../src/wire/party.ts";
export type { SampleFacts, Sampling } from "../src/wire/sampling.ts";
export type { PhaseName, Status } from "../src/wire/status.ts";
export type { RootKey, SignedTask, TaskOffer } from "../src/wire/task.ts";
export type { NonceLog, SeenRequest } from "../src/wire/nonce_log.ts";
