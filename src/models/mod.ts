/**
 * Models: what is learned together, and how one person trains it.
 *
 * @module
 */
export * from "./model.ts";
export * from "./on_device.ts";
export * from "./registry.ts";
export { mf } from "./mf.ts";
export type { MfModel } from "./mf.ts";
export type { MfOptions, MfSettings } from "./mf_options.ts";
export * from "./mf_local.ts";
export * from "./mf_central.ts";
export { ials } from "./ials.ts";
export type { IalsModel } from "./ials.ts";
export type { IalsOptions, IalsSettings } from "./ials_options.ts";
export * from "./ials_central.ts";
export { logistic } from "./logistic.ts";
export type { LogisticModel, LogisticOptions, LogisticSettings } from "./logistic.ts";
export { mlp } from "./mlp.ts";
export type { MlpModel, MlpOptions, MlpSettings } from "./mlp.ts";
export * from "./table_alone.ts";
export type { TableOutput } from "./table_output.ts";
export type { TrainSettings } from "./train_settings.ts";
export { ease } from "./ease.ts";
export type { EaseModel } from "./ease.ts";
export * from "./ease_central.ts";
export type { EaseOptions, EaseSettings } from "./ease_options.ts";
export { ncf } from "./ncf.ts";
export type { NcfModel } from "./ncf.ts";
export * from "./ncf_central.ts";
export * from "./ncf_local.ts";
export type { NcfOptions, NcfSettings } from "./ncf_options.ts";
export { mean } from "./mean.ts";
export type { MeanField, MeanModel, MeanOptions, MeanSettings } from "./mean.ts";
export { evenEdges, histogram } from "./histogram.ts";
export type {
  HistogramField,
  HistogramModel,
  HistogramOptions,
  HistogramSettings,
} from "./histogram.ts";
export { heavyHitters } from "./heavy_hitters.ts";
export type { HeavyHittersModel } from "./heavy_hitters.ts";
export type { HeavyHittersOptions, HeavyHittersSettings } from "./heavy_hitters_options.ts";
export { tensors } from "./tensors.ts";
export type { TensorsModel, TensorsOptions, TensorsSettings } from "./tensors.ts";
