/**
 * A helper of Tributary as a Cloudflare Worker. README.md beside this says how to deploy it.
 */
import aggregate from "./node_modules/@tributary/tributary/wasm/aggregate/pkg/aggregate_bg.wasm";
import { createHelperWorker } from "@tributary/tributary/edge/cloudflare";
import { jsonLines } from "@tributary/tributary/edge/observe";

const helper = createHelperWorker(aggregate, (env) => ({
  // Secrets: who this helper is, and what clients seal shares of their keys to.
  identity: env.IDENTITY,
  keys: env.HELPER_KEYS,
  // The binding of wrangler.helper.jsonc.
  objects: env.HELPER,
  // A line of JSON for each request and each thing that failed, in the account's logs.
  logger: jsonLines({ clock: Date, write: console.log }),
}));

export const { HelperObject } = helper;
export default { fetch: helper.fetch };
