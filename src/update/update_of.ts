/**
 * What of a contribution passes through the chain.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import { sameShape } from "../core/tensor.ts";
import type { NamedTensors } from "../core/tensor.ts";
import type { Contribution } from "../core/trainer.ts";

/**
 * A model's own sums, or the change `Δ = w_local − w_global`.
 *
 * @throws {TributaryError} `update-misshapen` for weights that are not the model's.
 */
export function updateOf(contribution: Contribution, model: NamedTensors): NamedTensors {
  if (contribution.kind === "sums") return contribution.sums;
  const { weights } = contribution;
  const missing = Object.keys(model).find((name) => !Object.hasOwn(weights, name));
  if (missing !== undefined) refuse(`weights "${missing}" of the model are missing`);
  const changes = Object.entries(weights).map(([name, local]) => {
    const global = Object.hasOwn(model, name) ? model[name] : undefined;
    if (global === undefined) refuse(`the model has no weights "${name}"`);
    if (!sameShape(local.shape, global.shape) || local.data.length !== global.data.length) {
      refuse(
        `weights "${name}" have ${local.data.length} values of shape [${local.shape}], expected [${global.shape}]`,
      );
    }
    // A loop, as `map` of a typed array takes seven times as long.
    const data = new Float32Array(local.data.length);
    for (let i = 0; i < data.length; i++) {
      data[i] = (local.data[i] ?? NaN) - (global.data[i] ?? NaN);
    }
    return [name, { shape: global.shape, data }] as const;
  });
  return Object.fromEntries(changes);
}

function refuse(found: string): never {
  throw new TributaryError("update-misshapen", `Cannot send the update: ${found}`);
}
