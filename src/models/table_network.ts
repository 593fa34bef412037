/**
 * Networks over rows of features, as models that clients train together.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import type { NamedTensors } from "../core/tensor.ts";
import type { TrainerDuty } from "../core/trainer.ts";
import { initialParameters } from "../nn/parameters.ts";
import type { Layer } from "../nn/layer.ts";
import type { TrainCore } from "../wasm/train.ts";
import { evaluateRows } from "./evaluate_rows.ts";
import { type LocalProblem, trainLocally } from "./local_training.ts";
import type { KindOptions, TableModel } from "./model.ts";
import {
  checkLabels,
  outputFigures,
  outputLoss,
  outputMetrics,
  outputPrediction,
  type TableOutput,
} from "./table_output.ts";
import type { TrainSettings } from "./train_settings.ts";

/** Rows with a label each, in training or held out. */
export interface LabelledRows {
  /** Rows one after the other. */
  readonly features: Float32Array;
  /** One a row. */
  readonly labels: Float32Array;
}

/** A network over rows of features, and what its output is. */
export interface TableNetwork {
  /** Values of a row. */
  readonly features: number;
  /** `[rows, features]` to `[rows, width]`, before any sigmoid or softmax. */
  readonly layer: Layer;
  /** What labels are. */
  readonly output: TableOutput;
}

/** The server step for changes of weights, unless the task names another. */
const STRATEGY = { kind: "fedavg", lr: 1, range: 1 } as const;

/** A model out of a network and the settings that describe it. */
export function tableModel<Options extends KindOptions & TrainSettings>(
  options: Options,
  network: TableNetwork,
): TableModel & { readonly options: Options } {
  const { parameters } = network.layer;
  return {
    options,
    takes: "table",
    tensors: parameters.map(({ name, shape }) => ({ name, shape })),
    strategy: STRATEGY,
    duties: dutiesOf(options),
    metrics: outputMetrics(network.output),
    initial: (seed) => initialParameters(parameters, seed),
    trainer({ core, examples }) {
      const problem = tableProblem(network, examples);
      const { evaluation } = examples;
      if (evaluation !== undefined) checkRows(network, evaluation);
      return async (model, context) => {
        const metrics = evaluation && await measure(core, network, { model, evaluation });
        const { correction } = context;
        const trained = await trainLocally(core, problem, {
          ...context,
          model,
          settings: options,
          correction,
        });
        return { ...trained, examples: problem.examples, ...(metrics && { metrics }) };
      };
    },
    predictor: (core) => (model, features) => predict(core, network, { model, features }),
  };
}

/** A rate says how far a step goes for plain gradient descent alone. */
function dutiesOf({ optimizer }: TrainSettings): TrainerDuty[] {
  const isPlain = optimizer.kind === "sgd" && optimizer.momentum === 0 && optimizer.decay === 0;
  return ["correction", "steps", "loss", ...(isPlain ? ["rate" as const] : [])];
}

/**
 * What is to be learned of some rows.
 *
 * @throws {TributaryError} `bad-data` if they do not fit the network.
 */
function tableProblem(network: TableNetwork, rows: LabelledRows): LocalProblem {
  checkRows(network, rows);
  const { features: width, layer, output } = network;
  return {
    parameters: layer.parameters,
    examples: rows.labels.length,
    bind(parameter) {
      const forward = layer.bind(parameter);
      const gather = rowGatherer(rows, width);
      return (pass, batch) => {
        const { features, labels } = gather(batch);
        const x = pass.tape.constant(features, [batch.length, width]);
        return outputLoss(pass.tape, output, { logits: forward(pass, x), labels });
      };
    },
  };
}

/** Copies rows into the same arrays again and again. */
function rowGatherer(
  { features, labels }: LabelledRows,
  width: number,
): (batch: Uint32Array) => LabelledRows {
  let own = { features: new Float32Array(), labels: new Float32Array() };
  return (batch) => {
    // All rows in their order need no copy.
    if (batch.length === labels.length && isInOrder(batch)) return { features, labels };
    if (own.labels.length !== batch.length) {
      own = {
        features: new Float32Array(batch.length * width),
        labels: new Float32Array(batch.length),
      };
    }
    for (let at = 0; at < batch.length; at++) {
      const row = batch[at] ?? 0;
      own.features.set(features.subarray(row * width, (row + 1) * width), at * width);
      own.labels[at] = labels[row] ?? 0;
    }
    return own;
  };
}

function isInOrder(rows: Uint32Array): boolean {
  for (let at = 0; at < rows.length; at++) if (rows[at] !== at) return false;
  return true;
}

/**
 * Predictions for rows of features, one after the other.
 *
 * @throws {RangeError} If there is no whole number of rows.
 * @throws {TributaryError} `bad-tensors` if the model is another's.
 */
async function predict(
  core: TrainCore,
  { features: width, layer, output }: TableNetwork,
  { model, features }: { readonly model: NamedTensors; readonly features: Float32Array },
): Promise<Float32Array<ArrayBuffer>> {
  const rows = features.length / width;
  if (!Number.isInteger(rows)) {
    throw new RangeError(
      `Cannot predict from ${features.length} values: expected rows of ${width} features`,
    );
  }
  return await evaluateRows(core, {
    rows,
    parameters: layer.parameters,
    values: model,
    bind(parameter) {
      const forward = layer.bind(parameter);
      return (pass, from, to) => {
        const part = features.subarray(from * width, to * width);
        const logits = forward(pass, pass.tape.constant(part, [to - from, width]));
        return outputPrediction(pass.tape, output, logits);
      };
    },
  });
}

async function measure(
  core: TrainCore,
  network: TableNetwork,
  { model, evaluation }: { readonly model: NamedTensors; readonly evaluation: LabelledRows },
): Promise<Record<string, number> | undefined> {
  const { features, labels } = evaluation;
  if (labels.length === 0) return undefined;
  const predictions = await predict(core, network, { model, features });
  return outputFigures(network.output, { labels, predictions });
}

/** Checks rows once, where they come in. */
function checkRows({ features: width, output }: TableNetwork, rows: LabelledRows): void {
  const { features, labels } = rows;
  if (features.length !== labels.length * width) {
    throw new TributaryError(
      "bad-data",
      `Cannot learn from ${features.length} values in ${labels.length} rows: ` +
        `expected ${width} features a row`,
    );
  }
  checkLabels(output, labels);
}
