/**
 * The files of a finished run.
 *
 * @module
 */
import { join } from "node:path";
import { writeFileWhole } from "../files.ts";
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

/** Writes `model.safetensors`, `run.json`, `report.html`, `log.json` and `items.csv`; gives their paths. */
export async function writeRun(folder: string, result: RunResult): Promise<string[]> {
  const files: [string, string | Uint8Array][] = [
    ["model.safetensors", result.model],
    ["items.csv", renderItems(result.catalogue)],
    ["log.json", JSON.stringify(result.log)],
    ["report.html", renderReport(result.run)],
    ["run.json", `${JSON.stringify(result.run, null, 2)}\n`],
  ];
  const paths = [];
  for (const [name, content] of files) {
    const path = join(folder, name);
    await writeFileWhole(path, content);
    paths.push(path);
  }
  return paths;
}
