/**
 * Aggregators and helpers as Deno servers.
 *
 * @module
 */
export { deployRegion } from "./deploy.ts";
export type { DeployedRegion, DeployOptions, DeployVariables } from "./deploy.ts";
export { serveAggregator } from "./serve.ts";
export { serveHelper } from "./serve_helper.ts";
export type { ServedAggregator, ServeOptions } from "../native/aggregator_server.ts";
export { nativeCheckOf, nativeDigest } from "../native/crypto.ts";
export { loadHelperKey } from "../native/helper_key_file.ts";
export type { ServedHelper, ServeHelperOptions } from "../native/helper_server.ts";
export { loadIdentity, nativeIdentity } from "../native/identity_file.ts";
export type { ListenOptions } from "../native/listener.ts";
export { openStore, storeName } from "../native/open_store.ts";
