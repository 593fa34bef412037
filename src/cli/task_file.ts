/**
 * A task as a person writes it: JSON in which whatever has a default may be left out.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import { modelFrom } from "../models/mod.ts";
import { defineTask, type TaskDefinition } from "../task/mod.ts";
import * as v from "valibot";
import { readJsonMessage } from "../wire/message.ts";
import type { Task } from "../wire/task.ts";

/** The fields that a person may write; their values are checked where the task is made. */
const schema = v.looseObject({ model: v.looseObject({ kind: v.string() }) });

/**
 * Reads a definition and makes the task.
 *
 * @throws {TributaryError} `task-refused` if there is no such file, or what it says does not fit.
 */
export async function openTaskFile(path: string): Promise<Task> {
  const bytes = await Deno.readFile(path).catch((cause) => {
    throw new TributaryError("task-refused", `Cannot open ${path}: expected a task as JSON`, {
      cause,
    });
  });
  const written = readJsonMessage(schema, bytes, { what: path, code: "task-refused" });
  const { model, ...rest } = written;
  // The document that comes of it is checked field by field.
  return defineTask({ ...rest as unknown as TaskDefinition, model: modelFrom(model) });
}
