/**
 * Files that nobody but their owner can read.
 *
 * @module
 */
import { closeSync, openSync } from "node:fs";

/**
 * Makes an empty file that its owner alone can read and write, unless it is there already: SQLite would
 * make one for everybody. What lies beside it, such as `-wal`, gets the same rights.
 *
 * @param path Of the file; nothing is made for `:memory:`.
 * @throws If there is no such folder, or the file may not be written.
 */
export function makeOwnFile(path: string): void {
  if (path === ":memory:") return;
  closeSync(openSync(path, "a", 0o600));
}
