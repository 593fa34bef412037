/**
 * The sums that strategies for weighted changes ask for: `Σ w·Δ` a tensor, and `Σ w`.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import { tensorOf } from "../core/tensor.ts";
import { WEIGHT_TENSOR } from "../core/trainer.ts";
import type { NamedTensors, TensorSpec } from "../core/tensor.ts";
import type { SumSpec } from "./strategy.ts";

/**
 * One sum `Σ w·Δ` a tensor of the model, then `Σ w`, called {@link WEIGHT_TENSOR}.
 *
 * @param options `range` of a client's `w·Δ`, value by value.
 * @throws {TributaryError} `task-refused` if a tensor of the model bears the name of the weight.
 */
export function weightedSums(
  model: readonly TensorSpec[],
  options: { range: number },
): readonly SumSpec[] {
  refuseName(model, WEIGHT_TENSOR);
  return [
    ...model.map(({ name, shape }) => ({ name, shape, range: options.range })),
    { name: WEIGHT_TENSOR, shape: [1], range: 1 },
  ];
}

/**
 * The sum of all clients' weights.
 *
 * @throws {TributaryError} `model-invalid` if it is not above 0, so that there is no mean.
 */
export function totalWeight(sums: NamedTensors): number {
  const weight = tensorOf(sums, WEIGHT_TENSOR).data[0] ?? 0;
  if (!(weight > 0)) {
    throw new TributaryError(
      "model-invalid",
      `Cannot take the mean of updates whose weights add up to ${weight}: expected more than 0`,
    );
  }
  return weight;
}

/**
 * Refuses a model that has a tensor of the name of one of the strategy's own sums.
 *
 * @throws {TributaryError} `task-refused`
 */
export function refuseName(model: readonly TensorSpec[], name: string): void {
  if (model.some((tensor) => tensor.name === name)) {
    throw new TributaryError(
      "task-refused",
      `Cannot sum updates of a model with a tensor "${name}": a sum of the strategy is called so`,
    );
  }
}
