/**
 * The loss of a choice between classes.
 *
 * @module
 */
import { reduceLosses, type Reduction, slopeOf } from "./loss.ts";
import { asRows, shown } from "./shapes.ts";
import type { Tape } from "./tape.ts";
import type { Indices, Variable } from "./variable.ts";

/** What {@link softmaxCrossEntropy} may be told. */
export interface SoftmaxCrossEntropyOptions {
  /** How much of each target is spread evenly over all classes, in `[0, 1)`; default 0. */
  readonly smoothing?: number;
  /** Default `mean`, over all rows. */
  readonly reduction?: Reduction;
}

/**
 * `−Σ target·log softmax(logits)` of each row, target being its label, smoothed.
 *
 * @param logits `[…, classes]`, before any softmax.
 * @param labels One class for each row, shape `[…]`; 2^32 − 1 marks a row whose loss is 0.
 * @throws {RangeError} If the shapes do not fit, a label is no class, or smoothing is out of range.
 */
export function softmaxCrossEntropy(
  tape: Tape,
  logits: Variable,
  labels: Indices,
  { smoothing = 0, reduction = "mean" }: SoftmaxCrossEntropyOptions = {},
): Variable {
  const { rows, cols } = asRows("take the cross entropy of", logits);
  if (labels.size !== rows) {
    throw new RangeError(
      `Cannot take the cross entropy of ${shown(logits)} with labels ${
        shown(labels)
      }: expected ${rows} labels`,
    );
  }
  if (!(smoothing >= 0 && smoothing < 1)) {
    throw new RangeError(`Cannot smooth labels by ${smoothing}: expected a number in [0, 1)`);
  }
  const losses = tape.output(labels.shape, logits.differentiable);
  const slopes = [slopeOf(tape, losses, logits)];
  tape.backend.run(
    "cross_entropy",
    [logits.slot, labels.slot, losses.slot, ...slopes.map(({ slope }) => slope)],
    [rows, cols, smoothing],
  );
  return reduceLosses(tape, losses, { slopes, reduction });
}
