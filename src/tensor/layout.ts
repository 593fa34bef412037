/**
 * Other shapes of the same values.
 *
 * @module
 */
import { sizeOf } from "../core/tensor.ts";
import { shown } from "./shapes.ts";
import type { Tape } from "./tape.ts";
import type { Variable } from "./variable.ts";

/**
 * The same values in the same order under another shape. Nothing is copied.
 *
 * @throws {RangeError} If the shape does not hold as many values.
 */
export function reshape(tape: Tape, x: Variable, shape: readonly number[]): Variable {
  if (sizeOf(shape) !== x.size) {
    throw new RangeError(
      `Cannot reshape ${shown(x)} to ${shown({ shape })}: expected ${x.size} values`,
    );
  }
  return tape.view(x, { shape });
}

/**
 * Rows `from` up to, not including, `to`, along the first axis. Nothing is copied.
 *
 * @throws {RangeError} If `x` has no such rows.
 */
export function sliceRows(
  tape: Tape,
  x: Variable,
  { from, to }: { readonly from: number; readonly to: number },
): Variable {
  const [rows, ...inner] = x.shape;
  const fits = rows !== undefined && Number.isInteger(from) && Number.isInteger(to) && from >= 0 &&
    from <= to && to <= rows;
  if (!fits) {
    throw new RangeError(
      `Cannot slice rows ${from} to ${to} of ${shown(x)}: expected a range within its first axis`,
    );
  }
  return tape.view(x, { shape: [to - from, ...inner], skip: from * sizeOf(inner) });
}

/**
 * Rows as columns.
 *
 * @param x `[rows, columns]`.
 * @throws {RangeError} If `x` is no matrix.
 */
export function transpose(tape: Tape, x: Variable): Variable {
  const [rows, cols] = x.shape;
  if (x.shape.length !== 2 || rows === undefined || cols === undefined) {
    throw new RangeError(`Cannot transpose ${shown(x)}: expected a matrix`);
  }
  const out = tape.output([cols, rows], x.differentiable);
  tape.backend.run("transpose", [x.slot, out.slot], [rows, cols]);
  tape.record(out, (dout) => {
    const turned = tape.scratch(out.size);
    tape.backend.run("transpose", [dout, turned], [cols, rows]);
    tape.backend.run("add_scaled", [turned, tape.gradient(x)], [x.size, 1]);
  });
  return out;
}
