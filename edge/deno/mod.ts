/**
 * Aggregators as Deno servers.
 *
 * @module
 */
export { loadIdentity } from "./identity_file.ts";
export { nativeCheckOf, nativeDigest, serveAggregator } from "./serve.ts";
export type { ServedAggregator, ServeOptions } from "./serve.ts";
