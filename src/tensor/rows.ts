/**
 * Products of rows: with each other, and with a number each.
 *
 * @module
 */
import type { Slot } from "./backend.ts";
import { asRows, expectSameShape, shown } from "./shapes.ts";
import type { Tape, Variable } from "./tape.ts";

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
  sumProducts(tape, [a.slot, b.slot, out.slot], [rows, cols]);
  tape.record(out, (dout) => {
    for (const [to, other] of [[a, b], [b, a]] as const) {
      if (!to.differentiable) continue;
      const slots = [dout, other.slot, tape.gradient(to)];
      backend.run("multiply_rows_backward", slots, [rows, cols]);
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
  backend.run("multiply_rows", [x.slot, scales.slot, out.slot], [rows, cols]);
  tape.record(out, (dout) => {
    if (x.differentiable) {
      const slots = [scales.slot, dout, tape.gradient(x)];
      backend.run("multiply_rows_backward", slots, [rows, cols]);
    }
    if (scales.differentiable) {
      const sums = tape.scratch(rows);
      sumProducts(tape, [dout, x.slot, sums], [rows, cols]);
      backend.run("add_scaled", [sums, tape.gradient(scales)], [rows, 1]);
    }
  });
  return out;
}

/** `out[r] = Σ a[r][c]·b[r][c]`. */
function sumProducts(
  tape: Tape,
  [a, b, out]: readonly [Slot, Slot, Slot],
  [rows, cols]: readonly [number, number],
): void {
  const products = tape.scratch(rows * cols);
  tape.backend.run("multiply", [a, b, products], [rows * cols]);
  tape.backend.run("row_sum", [products, out], [rows, cols]);
}
