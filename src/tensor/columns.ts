/**
 * Columns side by side, and apart again.
 *
 * @module
 */
import { sameShape } from "../core/tensor.ts";
import { asRows, shown } from "./shapes.ts";
import type { Tape, Variable } from "./tape.ts";

/**
 * Joins tensors along their last axis.
 *
 * @param parts One or more, of equal shapes but for the last extent.
 * @throws {RangeError} If there are none, or their shapes do not fit.
 */
export function concat(tape: Tape, parts: readonly Variable[]): Variable {
  const [first] = parts;
  if (first === undefined) throw new RangeError("Cannot join no tensors: expected one or more");
  const { rows } = asRows("join", first);
  const outer = first.shape.slice(0, -1);
  for (const part of parts) {
    if (part.shape.length !== first.shape.length || !sameShape(part.shape.slice(0, -1), outer)) {
      throw new RangeError(
        `Cannot join ${shown(first)} and ${
          shown(part)
        }: expected shapes that differ in the last axis`,
      );
    }
  }
  const widths = parts.map(({ shape }) => shape.at(-1) ?? 0);
  const whole = widths.reduce((sum, width) => sum + width, 0);
  const out = tape.output([...outer, whole], parts.some(({ differentiable }) => differentiable));
  let offset = 0;
  const places = widths.map((width) => [rows, width, whole, (offset += width) - width]);
  for (const [at, part] of parts.entries()) {
    tape.backend.run("copy_columns", [part.slot, out.slot], places[at] ?? []);
  }
  tape.record(out, (dout) => {
    for (const [at, part] of parts.entries()) {
      if (!part.differentiable) continue;
      tape.backend.run("copy_columns_backward", [dout, tape.gradient(part)], places[at] ?? []);
    }
  });
  return out;
}

/**
 * Columns `from` up to, not including, `to`.
 *
 * @param x `[…, values]`.
 * @throws {RangeError} If `x` has no such columns.
 */
export function sliceColumns(
  tape: Tape,
  x: Variable,
  { from, to }: { readonly from: number; readonly to: number },
): Variable {
  const { rows, cols } = asRows("slice columns of", x);
  if (!(Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from <= to && to <= cols)) {
    throw new RangeError(
      `Cannot slice columns ${from} to ${to} of ${shown(x)}: expected a range within 0 to ${cols}`,
    );
  }
  const numbers = [rows, to - from, cols, from];
  const out = tape.output([...x.shape.slice(0, -1), to - from], x.differentiable);
  tape.backend.run("take_columns", [x.slot, out.slot], numbers);
  tape.record(out, (dout) => {
    tape.backend.run("take_columns_backward", [dout, tape.gradient(x)], numbers);
  });
  return out;
}
