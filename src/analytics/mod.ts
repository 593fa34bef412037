/**
 * Federated analytics: statistics of what clients have, from one message of each and without anyone
 * seeing what one of them has. Define a task with one of these models, run it as any other (`join`,
 * `createAggregatorApp`, `simulate`), and read the answer out of the published model.
 *
 * @module
 */
export { heavyHitters, type HeavyHittersModel } from "../models/heavy_hitters.ts";
export type { HeavyHittersOptions, HeavyHittersSettings } from "../models/heavy_hitters_options.ts";
export {
  evenEdges,
  histogram,
  type HistogramField,
  type HistogramModel,
  type HistogramOptions,
  type HistogramSettings,
} from "../models/histogram.ts";
export {
  mean,
  type MeanField,
  type MeanModel,
  type MeanOptions,
  type MeanSettings,
} from "../models/mean.ts";
export type { ItemExamples, ValueExamples } from "../models/model.ts";
export { type HeavyHitter, heavyHittersOf } from "./heavy_hitters_of.ts";
export { type FieldHistogram, histogramsOf } from "./histograms_of.ts";
export { type FieldMean, meansOf } from "./means_of.ts";
export type { StatisticTask } from "./statistic_task.ts";
