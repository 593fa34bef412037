/**
 * A helper of Tributary as a Cloudflare Worker. README.md beside this says how to deploy it.
 */
import aggregate from "./node_modules/@tributary/tributary/wasm/aggregate/pkg/aggregate_bg.wasm";
import { createHelperWorker } from "@tributary/tributary/edge/cloudflare";

const helper = createHelperWorker(aggregate, (env) => ({
  // Secrets: who this helper is, and what clients seal shares of their keys to.
  identity: env.IDENTITY,
  keys: env.HELPER_KEYS,
  // The binding of wrangler.helper.jsonc.
  objects: env.HELPER,
}));

export const { HelperObject } = helper;
export default { fetch: helper.fetch };
