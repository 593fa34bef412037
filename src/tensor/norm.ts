/**
 * Rows brought to one scale.
 *
 * @module
 */
import { addAllGradients } from "./gradients.ts";
import { asRows, shown } from "./shapes.ts";
import type { Tape } from "./tape.ts";
import type { Variable } from "./variable.ts";

/** What {@link rmsNorm} takes. */
export interface RmsNormOptions {
  /** Multiplies each column, `[values]`. */
  readonly gain: Variable;
  /** Added to the mean square; default 1e-6. */
  readonly epsilon?: number;
}

/** What {@link layerNorm} takes. */
export interface LayerNormOptions {
  /** Multiplies each column, `[values]`. */
  readonly gain: Variable;
  /** Added to each column after that, `[values]`. */
  readonly shift: Variable;
  /** Added to the variance; default 1e-5. */
  readonly epsilon?: number;
}

/**
 * `(x − mean)/√(variance + epsilon)·gain + shift` of each row (Ba et al., arXiv 1607.06450).
 *
 * @param x `[…, values]`.
 * @throws {RangeError} If the shapes do not fit, or `epsilon` is not finite and 0 or more.
 */
export function layerNorm(
  tape: Tape,
  x: Variable,
  { gain, shift, epsilon = 1e-5 }: LayerNormOptions,
): Variable {
  const { rows, cols } = asRows("normalise", x);
  for (const column of [gain, shift]) expectColumns(x, column, cols);
  expectEpsilon(epsilon);
  const { backend } = tape;
  const inputs = [x, gain, shift];
  const y = tape.output(x.shape, inputs.some(({ differentiable }) => differentiable));
  const stats = tape.scratch(2 * rows);
  const operands = [x.slot, gain.slot, shift.slot, y.slot, stats];
  backend.run("layer_norm", operands, [rows, cols, epsilon]);
  tape.record(y, (dy) => {
    addAllGradients(tape, inputs, (gradients) => {
      const operands = [x.slot, gain.slot, stats, dy, ...gradients];
      backend.run("layer_norm_backward", operands, [rows, cols]);
    });
  });
  return y;
}

/**
 * `x/√(mean square + epsilon)·gain` of each row (Zhang and Sennrich, NeurIPS 2019).
 *
 * @param x `[…, values]`.
 * @throws {RangeError} If the shapes do not fit, or `epsilon` is not finite and 0 or more.
 */
export function rmsNorm(
  tape: Tape,
  x: Variable,
  { gain, epsilon = 1e-6 }: RmsNormOptions,
): Variable {
  const { rows, cols } = asRows("normalise", x);
  expectColumns(x, gain, cols);
  expectEpsilon(epsilon);
  const { backend } = tape;
  const y = tape.output(x.shape, x.differentiable || gain.differentiable);
  const stats = tape.scratch(rows);
  backend.run("rms_norm", [x.slot, gain.slot, y.slot, stats], [rows, cols, epsilon]);
  tape.record(y, (dy) => {
    addAllGradients(tape, [x, gain], (gradients) => {
      const operands = [x.slot, gain.slot, stats, dy, ...gradients];
      backend.run("rms_norm_backward", operands, [rows, cols]);
    });
  });
  return y;
}

function expectColumns(x: Variable, column: Variable, cols: number): void {
  if (column.shape.length === 1 && column.size === cols) return;
  throw new RangeError(`Cannot normalise ${shown(x)} with ${shown(column)}: expected [${cols}]`);
}

function expectEpsilon(epsilon: number): void {
  if (epsilon >= 0 && epsilon < Infinity) return;
  throw new RangeError(`Cannot normalise with epsilon ${epsilon}: expected a number from 0 up`);
}
