/**
 * Shares out of scores.
 *
 * @module
 */
import { asRows } from "./shapes.ts";
import type { Tape } from "./tape.ts";
import type { Variable } from "./variable.ts";

/**
 * `eˣ / Σ eˣ` of each row.
 *
 * @throws {RangeError} If `x` is a scalar.
 */
export function softmax(tape: Tape, x: Variable): Variable {
  return alongRows(tape, x, "softmax");
}

/**
 * `x − log Σ eˣ` of each row.
 *
 * @throws {RangeError} If `x` is a scalar.
 */
export function logSoftmax(tape: Tape, x: Variable): Variable {
  return alongRows(tape, x, "log_softmax");
}

function alongRows(tape: Tape, x: Variable, kernel: "softmax" | "log_softmax"): Variable {
  const { rows, cols } = asRows("take the softmax of", x);
  const y = tape.output(x.shape, x.differentiable);
  tape.backend.run(kernel, [x.slot, y.slot], [rows, cols]);
  tape.record(y, (dy) => {
    tape.backend.run(`${kernel}_backward`, [y.slot, dy, tape.gradient(x)], [rows, cols]);
  });
  return y;
}
