/**
 * Aggregators and helpers as Deno servers.
 *
 * @module
 */
export { loadHelperKey } from "./helper_key_file.ts";
export { loadIdentity, nativeIdentity } from "./identity_file.ts";
export type { ListenOptions } from "./listen.ts";
export { nativeCheckOf, nativeDigest } from "./native.ts";
export { openStore, storeName } from "./open_store.ts";
export { serveAggregator } from "./serve.ts";
export type { ServedAggregator, ServeOptions } from "./serve.ts";
export { serveHelper } from "./serve_helper.ts";
export type { ServedHelper, ServeHelperOptions } from "./serve_helper.ts";
