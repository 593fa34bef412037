/**
 * Products of rows: with each other, and with a number each.
 *
 * @module
 */
import { asRows, expectSameShape, shown } from "./shapes.ts";
import type { Tape } from "./tape.ts";
import type { Variable } from "./variable.ts";

/**
 * The dot product of each row of `a` with the same row of `b`, as of users' vectors with items'.
 *
 * @returns `[…]` for operands of `[…, values]`.
 * @throws {RangeError} If the shapes differ, or are of scalars.
 */
export function rowDot(tape: Tape, a: Variable, b: Variable): Variable {
  expectSameShape("take the row products of", a, b);
  const { rows, cols } = asRows("take the row products of", a);
  const { backend } = tape;
  const out = tape.output(a.shape.slice(0, -1), a.differentiable || b.differentiable);
  backend.run("row_dot", [a.slot, b.slot, out.slot], [rows, cols]);
  tape.record(out, (dout) => {
    for (const [to, other] of [[a, b], [b, a]] as const) {
      if (!to.differentiable) continue;
      backend.run("add_scaled_rows", [other.slot, dout, tape.gradient(to)], [rows, cols]);
    }
  });
  return out;
}

/**
 * Each row times its own number, such as the weight of its example.
 *
 * @param x      `[…, values]`.
 * @param scales `[…]`.
 * @throws {RangeError} If the shapes do not fit.
 */
export function scaleRows(tape: Tape, x: Variable, scales: Variable): Variable {
  const { rows, cols } = asRows("scale rows of", x);
  if (scales.size !== rows || scales.shape.length !== x.shape.length - 1) {
    throw new RangeError(
      `Cannot scale rows of ${shown(x)} by ${shown(scales)}: expected one number a row`,
    );
  }
  const { backend } = tape;
  const out = tape.output(x.shape, x.differentiable || scales.differentiable);
  backend.run("fill", [out.slot], [out.size, 0]);
  backend.run("add_scaled_rows", [x.slot, scales.slot, out.slot], [rows, cols]);
  tape.record(out, (dout) => {
    if (x.differentiable) {
      backend.run("add_scaled_rows", [dout, scales.slot, tape.gradient(x)], [rows, cols]);
    }
    if (scales.differentiable) {
      const sums = tape.scratch(rows);
      backend.run("row_dot", [dout, x.slot, sums], [rows, cols]);
      backend.run("add_scaled", [sums, tape.gradient(scales)], [rows, 1]);
    }
  });
  return out;
}
