/**
 * Known answers that are kept beside the repository, not in it.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";

/** One file of known answers. */
export interface SharedVectors<T> {
  /** For `Deno.test`: skipped where the file is missing, except in CI, where that is a failure. */
  readonly ignore: boolean;
  /** What the file holds. */
  read(): T;
}

/** The file `name` of the shared known answers. */
export function sharedVectors<T>(name: string): SharedVectors<T> {
  const url = new URL(`../../shared/vectors/${name}`, import.meta.url);
  return {
    ignore: !existsSync(url) && process.env["CI"] !== "true",
    read: () => JSON.parse(readFileSync(url, "utf8")),
  };
}
