/**
 * Regions and helpers as Cloudflare Workers with Durable Objects.
 *
 * @module
 */
export type {
  AccumulatorNamespace,
  AccumulatorObject,
  AccumulatorState,
} from "./accumulator_object.ts";
export type { ObjectNamespace, ObjectStub } from "./ask_object.ts";
export type { HelperObject, HelperObjectState } from "./helper_object.ts";
export {
  createHelperWorker,
  type HelperWorker,
  type HelperWorkerOptions,
} from "./helper_worker.ts";
export type { ObjectState, RegionObject } from "./region_object.ts";
export {
  createRegionWorker,
  type RegionWorker,
  type RegionWorkerOptions,
} from "./region_worker.ts";
export type { ObjectStorage, SqlRows, SqlValue } from "./database.ts";
export type { Stub } from "./shard_calls.ts";
