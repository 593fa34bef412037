/**
 * What a table's labels are: the loss of a network's output against them, what it predicts, and how
 * good that is.
 *
 * @module
 */
import * as v from "valibot";
import { TributaryError } from "../core/errors.ts";
import { whole } from "../core/options.ts";
import {
  bceWithLogits,
  mse,
  sigmoid,
  softmax,
  softmaxCrossEntropy,
  type Tape,
  type Variable,
} from "../tensor/mod.ts";

/** What labels are. */
export type TableOutput =
  /** 0 or 1; the prediction is the probability of 1. */
  | { readonly kind: "binary" }
  /** Numbers below `count`; the prediction is a probability for each class. */
  | { readonly kind: "classes"; readonly count: number }
  /** Any values, best scaled to about 1; the prediction is a value. */
  | { readonly kind: "value" };

/** Schema of {@link TableOutput}. */
export const outputSchema: v.GenericSchema<unknown, TableOutput> = v.variant("kind", [
  v.strictObject({ kind: v.literal("binary") }),
  v.strictObject({
    kind: v.literal("classes"),
    count: v.pipe(whole("count", 2 ** 16), v.minValue(2, "count must be at least 2")),
  }),
  v.strictObject({ kind: v.literal("value") }),
]);

/** Values that a network gives for each row. */
export function outputWidth(output: TableOutput): number {
  return output.kind === "classes" ? output.count : 1;
}

/** Names of what is measured of such an output. */
export function outputMetrics(output: TableOutput): readonly string[] {
  return output.kind === "value" ? ["loss"] : ["accuracy", "brier", "loss"];
}

/**
 * Checks labels once, where they come in.
 *
 * @throws {TributaryError} `bad-data` with the first that is none.
 */
export function checkLabels(output: TableOutput, labels: Float32Array): void {
  const classes = output.kind === "classes" ? output.count : 2;
  const isLabel = output.kind === "value"
    ? Number.isFinite
    : (label: number) => Number.isInteger(label) && label >= 0 && label < classes;
  const at = labels.findIndex((label) => !isLabel(label));
  if (at < 0) return;
  const expected = output.kind === "value" ? "a finite value" : `a whole number below ${classes}`;
  throw new TributaryError(
    "bad-data",
    `Cannot learn label ${labels[at]} of row ${at + 1}: expected ${expected}`,
  );
}

/**
 * Mean loss of a network's output: log loss, or the squared error of a value.
 *
 * @param logits `[rows, width]`.
 * @param labels One a row.
 */
export function outputLoss(
  tape: Tape,
  output: TableOutput,
  { logits, labels }: { readonly logits: Variable; readonly labels: Float32Array },
): Variable {
  switch (output.kind) {
    case "binary":
      return bceWithLogits(tape, logits, tape.constant(labels, logits.shape));
    case "classes":
      return softmaxCrossEntropy(tape, logits, tape.indices(Uint32Array.from(labels)));
    case "value":
      return mse(tape, logits, tape.constant(labels, logits.shape));
    default:
      return output satisfies never;
  }
}

/** The prediction out of a network's output. */
export function outputPrediction(tape: Tape, output: TableOutput, logits: Variable): Variable {
  switch (output.kind) {
    case "binary":
      return sigmoid(tape, logits);
    case "classes":
      return softmax(tape, logits);
    case "value":
      return logits;
    default:
      return output satisfies never;
  }
}

/**
 * Figures of predictions, each in `[0, 1]`; {@link outputMetrics} names them.
 *
 * `accuracy` is the share of rows whose most probable class is the right one. `brier` is the mean
 * squared distance of the probabilities from the truth, halved (Brier 1950). `loss` is the log loss
 * in units of an even guess over all classes, so that 1 is chance, and more is cut off at 1; of a
 * value, the mean squared error, cut off likewise.
 *
 * @param predictions As many a row as {@link outputWidth}.
 */
export function outputFigures(
  output: TableOutput,
  { labels, predictions }: { readonly labels: Float32Array; readonly predictions: Float32Array },
): Record<string, number> {
  const rows = labels.length;
  if (output.kind === "value") {
    let squares = 0;
    for (let row = 0; row < rows; row++) {
      squares += ((predictions[row] ?? 0) - (labels[row] ?? 0)) ** 2;
    }
    return { loss: Math.min(1, squares / rows) };
  }
  const classes = output.kind === "classes" ? output.count : 2;
  const probability = output.kind === "classes"
    ? (row: number, of: number) => predictions[row * classes + of] ?? 0
    : (row: number, of: number) => of === 1 ? predictions[row] ?? 0 : 1 - (predictions[row] ?? 0);
  let [right, brier, loss] = [0, 0, 0];
  for (let row = 0; row < rows; row++) {
    const label = labels[row] ?? 0;
    let best = 0;
    for (let of = 0; of < classes; of++) {
      const chance = probability(row, of);
      if (chance > probability(row, best)) best = of;
      brier += (chance - (of === label ? 1 : 0)) ** 2 / 2;
    }
    if (best === label) right++;
    loss -= Math.log(Math.max(probability(row, label), Number.MIN_VALUE));
  }
  return {
    accuracy: right / rows,
    brier: Math.min(1, brier / rows),
    loss: Math.min(1, loss / rows / Math.log(classes)),
  };
}
