/**
 * Regions and helpers as Cloudflare Workers with Durable Objects.
 *
 * @module
 */
export { type ObjectNamespace, type ObjectStub } from "./ask_object.ts";
export {
  createHelperWorker,
  type HelperWorker,
  type HelperWorkerOptions,
} from "./helper_worker.ts";
export {
  createRegionWorker,
  type RegionWorker,
  type RegionWorkerOptions,
} from "./region_worker.ts";
