/**
 * A helper as a Deno server.
 *
 * @module
 */
import {
  type ServedHelper,
  type ServeHelperOptions,
  serveHelperOver,
} from "../native/helper_server.ts";
import { listenDeno } from "./listen.ts";

/**
 * Serves a helper until it is disposed of.
 *
 * @throws {TributaryError} `store-failed` if the store cannot be opened.
 *
 * @example A helper for everyone's tasks that name it
 * ```ts ignore
 * await using helper = await serveHelper({
 *   store: "helper.db",
 *   identity: "helper.key",
 *   keys: ["shares.key"],
 *   port: 8090,
 * });
 * ```
 */
export async function serveHelper(options: ServeHelperOptions): Promise<ServedHelper> {
  return await serveHelperOver({ ...options, listen: listenDeno });
}
