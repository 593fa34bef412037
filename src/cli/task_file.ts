/**
 * A task as a person writes it: JSON in which whatever has a default may be left out.
 *
 * @module
 */
import * as v from "valibot";
import { TributaryError } from "../core/errors.ts";
import { modelFrom } from "../models/mod.ts";
import { defineTask, type TaskDefinition } from "../task/mod.ts";
import { readJsonMessage } from "../wire/message.ts";
import type { Task } from "../wire/task.ts";
import { itemsDigest, openItems } from "./items_file.ts";

/** The fields that a person may write; their values are checked where the task is made. */
const anything = v.exactOptional(v.unknown());
const schema = v.strictObject({
  name: v.string(),
  model: v.looseObject({ kind: v.string() }),
  train: v.exactOptional(v.record(v.string(), v.unknown())),
  strategy: v.exactOptional(v.looseObject({ kind: v.string() })),
  update: v.exactOptional(v.strictObject({
    slotBits: anything,
    clip: anything,
    weightCap: anything,
  })),
  mask: v.exactOptional(v.union([
    v.looseObject({ kind: v.picklist(["none", "secagg_plus"]) }),
    v.looseObject({
      kind: v.picklist(["kahe1", "two_helper"]),
      helpers: v.array(v.looseObject({})),
    }),
  ])),
  clients: v.looseObject({}),
  sampling: v.exactOptional(v.looseObject({ kind: v.string() })),
  roundMs: anything,
  metrics: v.exactOptional(v.array(v.string())),
  stop: v.looseObject({}),
  seed: anything,
  catalogue: anything,
});

/**
 * Reads a definition and makes the task.
 *
 * @param path  The definition.
 * @param items File of the items that the model's rows stand for, in place of `catalogue`.
 * @throws {TributaryError} `task-refused` if there is no such file, or what it says does not fit;
 * `bad-data` if the items cannot be read.
 */
export async function openTaskFile(path: string, items?: string): Promise<Task> {
  const written = await readWritten(path);
  const model = modelFrom(written.model);
  const catalogue = items === undefined
    ? {}
    : { catalogue: await catalogueOf(items, written.model.items) };
  // The document that comes of it is checked field by field.
  return defineTask({ ...written as unknown as TaskDefinition, model, ...catalogue });
}

/**
 * The kind of model that a definition names.
 *
 * @throws {TributaryError} `task-refused` if there is no such file, or it is no definition.
 */
export async function taskKind(path: string): Promise<string> {
  return (await readWritten(path)).model.kind;
}

async function readWritten(path: string): Promise<v.InferOutput<typeof schema>> {
  const bytes = await Deno.readFile(path).catch((cause) => {
    throw new TributaryError("task-refused", `Cannot open ${path}: expected a task as JSON`, {
      cause,
    });
  });
  return readJsonMessage(schema, bytes, { what: path, code: "task-refused" });
}

async function catalogueOf(path: string, expected: unknown): Promise<string> {
  const { items } = await openItems(path);
  if (expected === items.length) return await itemsDigest(items);
  throw new TributaryError(
    "task-refused",
    `Cannot use ${path}: it has ${items.length} items, expected as many as the model has: ${expected}`,
  );
}
