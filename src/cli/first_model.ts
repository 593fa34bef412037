/**
 * The model that a new task begins with.
 *
 * @module
 */
import { fromHex } from "../core/bytes.ts";
import { TributaryError } from "../core/errors.ts";
import { decodeSafetensors } from "../core/safetensors.ts";
import { type NamedTensors, sameShape } from "../core/tensor.ts";
import { modelFrom } from "../models/mod.ts";
import { splitPublished } from "../strategy/published.ts";
import type { Task } from "../wire/task.ts";

/**
 * Reads a task's first model from a file, such as the last model of the task that it succeeds; without
 * one it is drawn from the task's seed.
 *
 * @param path A safetensors file whose tensors have the names and shapes of the task's model.
 * @throws {TributaryError} `bad-tensors` if it cannot be read, `model-invalid` if it is another's.
 */
export async function firstModel(task: Task, path?: string): Promise<NamedTensors> {
  const drawn = modelFrom(task.model, task.train).initial(fromHex(task.seed));
  if (path === undefined) return drawn;
  const bytes = await Deno.readFile(path).catch((cause) => {
    throw new TributaryError("bad-tensors", `Cannot open ${path}: expected a model`, { cause });
  });
  // What a strategy sends along is its own task's.
  const { rest: tensors } = splitPublished(decodeSafetensors(bytes).tensors);
  for (const name of new Set([...Object.keys(drawn), ...Object.keys(tensors)])) {
    const [expected, found] = [drawn[name], tensors[name]];
    if (expected && found && sameShape(found.shape, expected.shape)) continue;
    throw new TributaryError(
      "model-invalid",
      `Cannot begin with ${path}: its "${name}" is ${shapeText(found)}, expected ` +
        `${shapeText(expected)} by a ${task.model.kind} model of this task`,
    );
  }
  return tensors;
}

function shapeText(tensor: NamedTensors[string] | undefined): string {
  return tensor === undefined ? "not there" : `of shape [${tensor.shape.join(", ")}]`;
}
