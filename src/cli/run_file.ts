/**
 * Reading `run.json` again: what later commands need of it.
 *
 * @module
 */
import * as v from "valibot";
import { TributaryError } from "../core/errors.ts";
import { readJsonMessage } from "../wire/message.ts";
import { readTask, type Task } from "../wire/task.ts";
import { type Reading, readingSchema } from "./reading.ts";

/** The part of a run record that later commands read. */
export interface RunFile {
  /** Seed of everything that was drawn. */
  readonly seed: number;
  /** The task, checked. */
  readonly task: Task;
  /** What was learned from. */
  readonly data: { readonly path: string | null; readonly reading: Reading };
  /** The model that was published last. */
  readonly model: { readonly digest: string };
}

const schema = v.object({
  seed: v.number(),
  task: v.unknown(),
  data: v.object({ path: v.nullable(v.string()), reading: readingSchema }),
  model: v.object({ digest: v.string() }),
});

/**
 * Opens a run record.
 *
 * @throws {TributaryError} `bad-data` if there is none, or it is none.
 */
export async function openRunFile(path: string): Promise<RunFile> {
  const bytes = await Deno.readFile(path).catch((cause) => {
    throw new TributaryError(
      "bad-data",
      `Cannot open ${path}: expected the run.json that was written beside the model`,
      { cause },
    );
  });
  const run = readJsonMessage(schema, bytes, { what: path, code: "bad-data" });
  return { ...run, task: readTask(run.task) };
}
