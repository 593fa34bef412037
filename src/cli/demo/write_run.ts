/**
 * The files of a finished run.
 *
 * @module
 */
import { join } from "node:path";
import { writeFilesWhole } from "../files.ts";
import { renderItems } from "../items_file.ts";
import type { LogFile } from "../log_file.ts";
import { renderReport } from "../report.ts";
import type { RunRecord } from "../run_record.ts";
import type { Catalogue } from "../../data/interactions.ts";

/** What a run leaves behind. */
export interface RunResult {
  /** Configuration, digests and figures. */
  readonly run: RunRecord;
  /** The model's safetensors bytes, as published. */
  readonly model: Uint8Array;
  /** The root's log. */
  readonly log: LogFile;
  /** Items in the order of the model's rows. */
  readonly catalogue: Catalogue;
}

/**
 * Writes `model.safetensors`, `items.csv`, `log.json`, `report.html` and, once they are there,
 * `run.json`; gives their paths.
 *
 * @throws {TributaryError} `store-failed` if one cannot be written: then there is no `run.json`, or
 * still all that an earlier run left.
 */
export async function writeRun(folder: string, result: RunResult): Promise<string[]> {
  const files: [string, string | Uint8Array][] = [
    ["model.safetensors", result.model],
    ["items.csv", renderItems(result.catalogue)],
    ["log.json", JSON.stringify(result.log)],
    ["report.html", renderReport(result.run)],
    ["run.json", `${JSON.stringify(result.run, null, 2)}\n`],
  ];
  const placed = files.map(([name, content]) => [join(folder, name), content] as const);
  await writeFilesWhole(placed);
  return placed.map(([path]) => path);
}
