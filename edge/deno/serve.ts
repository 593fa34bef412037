/**
 * An aggregator as a Deno server.
 *
 * @module
 */
import {
  type ServedAggregator,
  type ServeOptions,
  serveOver,
} from "../native/aggregator_server.ts";
import { listenDeno } from "./listen.ts";

/**
 * Serves an aggregator until it is disposed of.
 *
 * @throws {TributaryError} `store-failed` if the store cannot be opened.
 *
 * @example A region of a root elsewhere
 * ```ts ignore
 * await using region = await serveAggregator({
 *   store: "region.db",
 *   identity: "region.key",
 *   parent: { url: "https://root.example" },
 *   port: 8080,
 * });
 * await region.ready;
 * ```
 */
export async function serveAggregator(options: ServeOptions): Promise<ServedAggregator> {
  return await serveOver({ ...options, listen: listenDeno });
}
