/**
 * A region of Tributary as a Cloudflare Worker. README.md beside this says how to deploy it.
 */
import aggregate from "./node_modules/@tributary/tributary/wasm/aggregate/pkg/aggregate_bg.wasm";
import { createRegionWorker } from "@tributary/tributary/edge/cloudflare";
import { jsonLines } from "@tributary/tributary/edge/observe";

const region = createRegionWorker(aggregate, (env) => ({
  // Secrets: who this region is, and which tasks at its parent it takes part in.
  identity: env.IDENTITY,
  parents: env.PARENT,
  // Bindings of wrangler.jsonc.
  objects: env.REGION,
  accumulators: env.ACCUMULATOR,
  // A line of JSON for each request and each thing that failed, in the account's logs.
  logger: jsonLines({ clock: Date, write: console.log }),
}));

export const { RegionObject, AccumulatorObject } = region;
export default { fetch: region.fetch };
