/**
 * A helper as a Node server.
 *
 * @module
 */
import "./missing.ts";
import {
  type ServedHelper,
  type ServeHelperOptions,
  serveHelperOver,
} from "../native/helper_server.ts";
import { listenNode } from "./listen.ts";

/**
 * Serves a helper until it is disposed of. From Node 22.5 on its store may be a SQLite file; Node 20 has
 * none.
 *
 * @throws {TributaryError} `store-failed` if the store cannot be opened.
 *
 * @example A helper for everyone's tasks that name it
 * ```ts ignore
 * const helper = await serveHelper({
 *   store: "helper.db",
 *   identity: "helper.key",
 *   keys: ["shares.key"],
 *   port: 8090,
 * });
 * ```
 */
export async function serveHelper(options: ServeHelperOptions): Promise<ServedHelper> {
  return await serveHelperOver({ ...options, listen: listenNode });
}
