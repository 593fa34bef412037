/**
 * Sums and means.
 *
 * @module
 */
import { asRows } from "./shapes.ts";
import type { Tape } from "./tape.ts";
import type { Variable } from "./variable.ts";

/** The sum of all values, a scalar; 0 of none. */
export function sum(tape: Tape, x: Variable): Variable {
  const out = tape.output([], x.differentiable);
  tape.backend.run("sum", [x.slot, out.slot], [x.size]);
  spread(tape, { from: out, to: x, rows: 1, factor: 1 });
  return out;
}

/** The mean of all values, a scalar; NaN of none. */
export function mean(tape: Tape, x: Variable): Variable {
  const out = tape.output([], x.differentiable);
  tape.backend.run("mean", [x.slot, out.slot], [x.size]);
  spread(tape, { from: out, to: x, rows: 1, factor: 1 / x.size });
  return out;
}

/**
 * The sum of each row.
 *
 * @returns `[…]` for `[…, values]`.
 * @throws {RangeError} If `x` is a scalar.
 */
export function rowSum(tape: Tape, x: Variable): Variable {
  const { rows, cols } = asRows("sum the rows of", x);
  const out = tape.output(x.shape.slice(0, -1), x.differentiable);
  tape.backend.run("row_sum", [x.slot, out.slot], [rows, cols]);
  spread(tape, { from: out, to: x, rows, factor: 1 });
  return out;
}

/** Leaves on the tape that the gradient of each sum flows, times a factor, to all it was taken of. */
function spread(
  tape: Tape,
  { from, to, rows, factor }: {
    readonly from: Variable;
    readonly to: Variable;
    readonly rows: number;
    readonly factor: number;
  },
): void {
  tape.record(from, (gradient) => {
    const cols = rows === 0 ? 0 : to.size / rows;
    tape.backend.run("add_columns", [gradient, tape.gradient(to)], [rows, cols, factor]);
  });
}
