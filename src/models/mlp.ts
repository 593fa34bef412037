/**
 * A network of dense layers over rows of features.
 *
 * @module
 */
import * as v from "valibot";
import { fraction, readOptions, whole } from "../core/options.ts";
import { dropout } from "../nn/dropout.ts";
import { type Layer, sequential } from "../nn/layer.ts";
import { linear } from "../nn/linear.ts";
import type { TableModel } from "./model.ts";
import { tableModel } from "./table_network.ts";
import { outputSchema, outputWidth, type TableOutput } from "./table_output.ts";
import { trainFields, type TrainSettings } from "./train_settings.ts";

/** Complete settings of an `mlp` model. */
export interface MlpOptions extends TrainSettings {
  /** Tells the models apart. */
  readonly kind: "mlp";
  /** Values of a row. */
  readonly features: number;
  /** Values between the layers, from the first to the last; up to 8 of them. */
  readonly hidden: readonly number[];
  /** After each layer but the last. */
  readonly activation: "relu" | "gelu" | "silu" | "tanh" | "sigmoid";
  /** Share of the values between layers that is dropped in training, in `[0, 1)`. */
  readonly dropout: number;
  /** What labels are. */
  readonly output: TableOutput;
}

/** What must be said; the rest has defaults. */
export type MlpSettings =
  & Pick<MlpOptions, "features">
  & Partial<Omit<MlpOptions, "kind" | "features">>;

/** What an `mlp` task learns, and how. */
export interface MlpModel extends TableModel {
  /** Complete settings. */
  readonly options: MlpOptions;
}

const schema: v.GenericSchema<unknown, MlpOptions> = v.strictObject({
  kind: v.literal("mlp"),
  features: whole("features", 2 ** 24),
  hidden: v.pipe(
    v.array(whole("a hidden layer's width", 2 ** 16)),
    v.minLength(1, "there must be a hidden layer"),
    v.maxLength(8, "there may be 8 hidden layers at most"),
  ),
  activation: v.picklist(
    ["relu", "gelu", "silu", "tanh", "sigmoid"],
    "activation must be relu, gelu, silu, tanh or sigmoid",
  ),
  dropout: fraction("dropout"),
  output: outputSchema,
  ...trainFields,
});

/**
 * Dense layers with an activation between them; labels are binary, classes, or values.
 *
 * Tensors are `hidden1.weight`, `hidden1.bias`, …, `output.weight`, `output.bias`. Metrics are those
 * of the received model on held-out rows: `accuracy`, `brier` and `loss`, or `loss` alone for values.
 *
 * @throws {TributaryError} `task-refused` if a setting does not fit.
 *
 * @example Three classes
 * ```ts
 * import { mlp } from "./mlp.ts";
 *
 * const model = mlp({ features: 20, hidden: [16], output: { kind: "classes", count: 3 } });
 * if (model.tensors.at(-1)?.shape[0] !== 3) throw new Error("unexpected");
 * ```
 */
export function mlp(settings: MlpSettings): MlpModel {
  const options = readOptions(schema, {
    kind: "mlp",
    hidden: [64],
    activation: "relu",
    dropout: 0,
    output: { kind: "binary" },
    epochs: 1,
    batchSize: 32,
    optimizer: { kind: "sgd", lr: 0.05 },
    schedule: { kind: "constant" },
    maxNorm: null,
    ...settings,
  }, "make an mlp model");
  const { features, output } = options;
  return tableModel(options, { features, layer: layersOf(options), output });
}

function layersOf({ features, hidden, activation, dropout: rate, output }: MlpOptions): Layer {
  const parts: Record<string, Layer> = {};
  let inputs = features;
  hidden.forEach((outputs, at) => {
    parts[`hidden${at + 1}`] = linear({ inputs, outputs, activation });
    if (rate > 0) parts[`dropout${at + 1}`] = dropout(rate);
    inputs = outputs;
  });
  parts.output = linear({ inputs, outputs: outputWidth(output) });
  return sequential(parts);
}
