/**
 * What goes wrong in a database, as the store's own error.
 *
 * @module
 */
import { TributaryError } from "../../src/core/errors.ts";

/**
 * Runs what may fail.
 *
 * @throws {TributaryError} `store-failed` saying that it cannot do `what`; a `RangeError` comes through.
 */
export async function guard<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    if (cause instanceof RangeError || cause instanceof TributaryError) throw cause;
    const detail = `Cannot ${what} in Deno KV: the database refused it or is out of reach`;
    throw new TributaryError("store-failed", detail, { cause });
  }
}
