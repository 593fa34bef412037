/**
 * Means out of the tensors that a `mean` task has published.
 *
 * @module
 */
import { type NamedTensors, tensorOf } from "../core/tensor.ts";
import { MEAN_ROWS, MEAN_SUMS } from "../models/mean.ts";
import { modelFrom } from "../models/registry.ts";
import { refuseModel, type StatisticTask } from "./statistic_task.ts";

/** What is known of a field's values. */
export interface FieldMean {
  /** Mean of the values, kept within their bounds; NaN where nobody has one. */
  readonly mean: number;
  /** Variance of the values around it, not of the mean. */
  readonly variance: number;
  /** How many values it is the mean of: of each client up to the task's `cap`. */
  readonly count: number;
  /** Share of the values that lay out of bounds and counted as the bound, 0 to 1. */
  readonly clipped: number;
}

/**
 * Mean, variance and count of each field.
 *
 * @param task   A task with a `mean` model.
 * @param tensors What its last round published.
 * @throws {TypeError} If the task is about something else.
 *
 * @example Three clients, as their sum is published
 * ```ts
 * import { mean, meansOf } from "./mod.ts";
 * import { defineTask } from "../task/mod.ts";
 *
 * const task = defineTask({
 *   name: "ages",
 *   model: mean({ fields: { age: [0, 100] } }),
 *   clients: { min: 2, max: 10 },
 *   stop: { rounds: 1 },
 * });
 * // What clients of 40, 50 and 60 add up to, as places in [-1, 1].
 * const sums = { shape: [4, 1], data: Float32Array.of(3, -0.2 + 0 + 0.2, 0.08, 0) };
 * const { age } = meansOf(task, { sums });
 * if (age?.mean !== 50 || age.count !== 3) throw new Error("unexpected mean");
 * ```
 */
export function meansOf(
  task: StatisticTask,
  tensors: NamedTensors,
): Record<string, FieldMean> {
  const { options } = modelFrom(task.model, task.train);
  if (options.kind !== "mean") return refuseModel("means", options.kind);
  const { fields } = options;
  const { data } = tensorOf(tensors, MEAN_SUMS);
  const [weights, places, squares, clipped] = MEAN_ROWS.map((_, row) =>
    data.subarray(row * fields.length, (row + 1) * fields.length)
  );
  return Object.fromEntries(fields.map(({ name, low, high }, at) => {
    const weight = weights?.[at] ?? 0;
    const part = (row: Float32Array | undefined): number => (row?.[at] ?? 0) / weight;
    const [middle, half] = [low / 2 + high / 2, (high - low) / 2];
    const place = part(places);
    return [name, {
      mean: middle + half * place,
      // Rounded as they travel, squares of equal values may add up to less.
      variance: half * half * Math.max(0, part(squares) - place * place),
      count: weight * options.cap,
      clipped: part(clipped),
    }];
  }));
}
