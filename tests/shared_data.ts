/**
 * Data sets that are kept beside the repository, not in it.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import process from "node:process";
import type { SourceFile } from "../src/data/source_file.ts";

/** One file of a data set. */
export interface SharedData {
  /** For `Deno.test`: skipped where the file is missing, except in CI, where that is a failure. */
  readonly ignore: boolean;
  /** The file itself. */
  read(): SourceFile;
}

/** The file at `path` of the shared data sets, such as `uci-adult/adult.data.gz`. */
export function sharedData(path: string): SharedData {
  const url = new URL(`../../shared/data/${path}`, import.meta.url);
  return {
    ignore: !existsSync(url) && process.env["CI"] !== "true",
    read: () => ({ name: basename(path), bytes: Uint8Array.from(readFileSync(url)) }),
  };
}
