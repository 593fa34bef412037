/**
 * Logistic regression over rows of features.
 *
 * @module
 */
import * as v from "valibot";
import { readOptions, whole } from "../core/options.ts";
import { ZEROS } from "../nn/initial.ts";
import { linear } from "../nn/linear.ts";
import type { TableModel } from "./model.ts";
import { tableModel } from "./table_network.ts";
import { trainFields, type TrainSettings } from "./train_settings.ts";

/** Complete settings of a `logistic` model. */
export interface LogisticOptions extends TrainSettings {
  /** Tells the models apart. */
  readonly kind: "logistic";
  /** Values of a row. */
  readonly features: number;
}

/** What must be said; the rest has defaults. */
export type LogisticSettings =
  & Pick<LogisticOptions, "features">
  & Partial<Omit<LogisticOptions, "kind" | "features">>;

/** What a `logistic` task learns, and how. */
export interface LogisticModel extends TableModel {
  /** Complete settings. */
  readonly options: LogisticOptions;
}

const schema: v.GenericSchema<unknown, LogisticOptions> = v.strictObject({
  kind: v.literal("logistic"),
  features: whole("features", 2 ** 24),
  ...trainFields,
});

/**
 * The probability that a row's label is 1: `sigmoid(features·weight + bias)`.
 *
 * The log loss is convex, so that federated averaging comes close to training in one place. Metrics
 * are `accuracy`, `brier` and `loss` of the received model on held-out rows.
 *
 * @throws {TributaryError} `task-refused` if a setting does not fit.
 *
 * @example Two tensors are learned together
 * ```ts
 * import { logistic } from "./logistic.ts";
 *
 * const { tensors } = logistic({ features: 105 });
 * if (tensors.map(({ name }) => name).join() !== "weight,bias") throw new Error("unexpected");
 * ```
 */
export function logistic(settings: LogisticSettings): LogisticModel {
  const options = readOptions(schema, {
    kind: "logistic",
    epochs: 1,
    batchSize: 32,
    optimizer: { kind: "sgd", lr: 0.1 },
    schedule: { kind: "constant" },
    maxNorm: null,
    ...settings,
  }, "make a logistic model");
  const { features } = options;
  const layer = linear({ inputs: features, outputs: 1, initial: ZEROS });
  return tableModel(options, { features, layer, output: { kind: "binary" } });
}
