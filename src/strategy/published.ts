/**
 * State of a strategy that travels to the clients, in one file with the model.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import type { NamedTensors, TensorSpec } from "../core/tensor.ts";

const PREFIX = "published/";

/** What a tensor of the state is called if it travels beside the model. */
export function publishedName(name: string): string {
  return `${PREFIX}${name}`;
}

/** The tensors that a strategy publishes, and the others: of a file the model, of a state the rest. */
export function splitPublished(
  tensors: NamedTensors,
): { readonly published: NamedTensors; readonly rest: NamedTensors } {
  const [published, rest]: [[string, NamedTensors[string]][], [string, NamedTensors[string]][]] = [
    [],
    [],
  ];
  for (const entry of Object.entries(tensors)) {
    (entry[0].startsWith(PREFIX) ? published : rest).push(entry);
  }
  return { published: Object.fromEntries(published), rest: Object.fromEntries(rest) };
}

/**
 * Refuses a model with a tensor that would be taken for a strategy's.
 *
 * @throws {TributaryError} `task-refused`
 */
export function refusePublishedNames(model: readonly TensorSpec[]): void {
  const taken = model.find(({ name }) => name.startsWith(PREFIX));
  if (taken !== undefined) {
    throw new TributaryError(
      "task-refused",
      `Cannot publish a model with a tensor "${taken.name}": ` +
        `names that begin with "${PREFIX}" are for what strategies send along`,
    );
  }
}
