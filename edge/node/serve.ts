/**
 * An aggregator as a Node server.
 *
 * @module
 */
import "./missing.ts";
import {
  type ServedAggregator,
  type ServeOptions,
  serveOver,
} from "../native/aggregator_server.ts";
import { listenNode } from "./listen.ts";

/**
 * Serves an aggregator until it is disposed of. From Node 22.5 on its store may be a SQLite file; Node
 * 20 has none, and takes a Postgres database or a store in memory.
 *
 * @throws {TributaryError} `store-failed` if the store cannot be opened.
 *
 * @example A region of a root elsewhere
 * ```ts ignore
 * const region = await serveAggregator({
 *   store: "postgres://user@db.example/main?schema=north",
 *   identity: "region.key",
 *   parent: { url: "https://root.example" },
 *   port: 8080,
 * });
 * await region.ready;
 * ```
 */
export async function serveAggregator(options: ServeOptions): Promise<ServedAggregator> {
  return await serveOver({ ...options, listen: listenNode });
}
