/**
 * A model moved by its clients' mean change.
 *
 * @module
 */
import { tensorOf } from "../core/tensor.ts";
import type { NamedTensors } from "../core/tensor.ts";
import type { StrategyServer } from "./strategy.ts";
import { totalWeight } from "./weighted_sums.ts";

/**
 * `x + factor · Σ w·Δ / Σ w`, tensor by tensor; new tensors.
 *
 * @throws {TributaryError} `model-invalid` if the weights do not add up to more than 0.
 */
export function addMeanChange(
  model: NamedTensors,
  sums: NamedTensors,
  factor: number,
): NamedTensors {
  const weight = totalWeight(sums);
  const next = Object.entries(model).map(([name, { shape, data }]) => {
    const change = tensorOf(sums, name).data;
    return [name, { shape, data: data.map((x, i) => x + factor * (change[i] ?? 0) / weight) }];
  });
  return Object.fromEntries(next);
}

/** Steps by `x += lr · Σ w·Δ / Σ w`, without state. */
export function averagingServer(lr: number): StrategyServer {
  return {
    init: () => ({}),
    step: ({ model, state, sums }) => ({ model: addMeanChange(model, sums, lr), state }),
  };
}
