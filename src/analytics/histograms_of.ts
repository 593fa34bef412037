/**
 * Histograms out of the tensors that a `histogram` task has published.
 *
 * @module
 */
import { type NamedTensors, tensorOf } from "../core/tensor.ts";
import { choicesOf } from "../models/histogram.ts";
import { modelFrom } from "../models/registry.ts";
import { chances, estimateCounts, estimateStddev } from "../privacy/randomised_response.ts";
import { refuseModel, type StatisticTask } from "./statistic_task.ts";

/** How many clients have which values of a field. */
export interface FieldHistogram {
  /** Ascending: bin `i` of `counts` is `edges[i] ≤ value < edges[i + 1]`. */
  readonly edges: readonly number[];
  /** Clients, or their shares, of each bin between two edges. */
  readonly counts: readonly number[];
  /** Of values below the first edge. */
  readonly below: number;
  /** Of values at or above the last edge. */
  readonly above: number;
  /** Of all values: how many clients have any. */
  readonly total: number;
  /**
   * Standard deviation that randomised responses and the task's noise give each count, where few
   * clients are in it; 0 without.
   */
  readonly stddev: number;
}

/**
 * The histogram of each field.
 *
 * @param task   A task with a `histogram` model.
 * @param tensors What its last round published.
 * @throws {TypeError} If the task is about something else.
 *
 * @example A field of two bins
 * ```ts
 * import { histogram, histogramsOf } from "./mod.ts";
 * import { defineTask } from "../task/mod.ts";
 *
 * const task = defineTask({
 *   name: "ages",
 *   model: histogram({ fields: { age: [0, 40, 80] } }),
 *   clients: { min: 2, max: 10 },
 *   stop: { rounds: 1 },
 * });
 * const age = { shape: [4], data: Float32Array.of(0, 3, 2, 1) };
 * const { counts, above } = histogramsOf(task, { age }).age ?? {};
 * if (counts?.join() !== "3,2" || above !== 1) throw new Error("unexpected counts");
 * ```
 */
export function histogramsOf(
  task: StatisticTask,
  tensors: NamedTensors,
): Record<string, FieldHistogram> {
  const { options } = modelFrom(task.model, task.train);
  if (options.kind !== "histogram") return refuseModel("histograms", options.kind);
  const { fields, local } = options;
  const noise = (task.privacy?.noise ?? 0) * (task.privacy?.clip ?? 0);
  return Object.fromEntries(fields.map(({ name, edges }) => {
    const told = tensorOf(tensors, name).data;
    const { bins, stddev } = estimated(told, { edges, local, noise });
    return [name, {
      edges,
      counts: bins.slice(1, -1),
      below: bins[0] ?? 0,
      above: bins.at(-1) ?? 0,
      total: bins.reduce((sum, count) => sum + count, 0),
      stddev,
    }];
  }));
}

/** The counts of bins that clients' answers tell of, and how far off they may be. */
function estimated(
  told: Float32Array,
  { edges, local, noise }: {
    readonly edges: readonly number[];
    readonly local: number | null;
    readonly noise: number;
  },
): { readonly bins: readonly number[]; readonly stddev: number } {
  if (local === null) return { bins: Array.from(told), stddev: noise };
  const response = { choices: choicesOf({ edges, local }), epsilon: local };
  const { keep, other } = chances(response);
  const clients = Math.max(0, Math.round(told.reduce((sum, count) => sum + count, 0)));
  return {
    bins: Array.from(estimateCounts(told, response)).slice(0, -1),
    stddev: Math.hypot(estimateStddev({ clients, holders: 0 }, response), noise / (keep - other)),
  };
}
