/**
 * How clients train a model by gradient steps: what a task says under `train`.
 *
 * @module
 */
import * as v from "valibot";
import { positive, whole } from "../core/options.ts";
import { type OptimizerOptions, optimizerSchema } from "../nn/optimizer_options.ts";
import { type ScheduleOptions, scheduleSchema } from "../nn/schedule.ts";

/** Complete settings of local training. */
export interface TrainSettings {
  /** Passes over a client's examples in a round, up to 1000. */
  readonly epochs: number;
  /** Examples of a step; an epoch's last step takes what is left. */
  readonly batchSize: number;
  /** How a step changes the weights. It starts anew in each round. */
  readonly optimizer: OptimizerOptions;
  /** Share of the learning rate by round, the first round being step 0; by epoch in central training. */
  readonly schedule: ScheduleOptions;
  /** L2 norm that a step's gradient is shrunk to; null for any. */
  readonly maxNorm: number | null;
}

/** Most passes over its examples that a task may ask of a client in a round. */
const MAX_EPOCHS = 1000;

/** Schema entries of {@link TrainSettings}. */
export const trainFields: {
  readonly [Name in keyof TrainSettings]: v.GenericSchema<unknown, TrainSettings[Name]>;
} = {
  epochs: whole("epochs", MAX_EPOCHS),
  batchSize: whole("batchSize", 2 ** 20),
  optimizer: optimizerSchema,
  schedule: scheduleSchema,
  maxNorm: v.nullable(positive("maxNorm")),
};

/** Names of {@link TrainSettings}. */
export const TRAIN_FIELD_NAMES: readonly string[] = Object.keys(trainFields);
