/**
 * Columns side by side, and apart again.
 *
 * @module
 */
import { sameShape } from "../core/tensor.ts";
import { asRows, shown } from "./shapes.ts";
import type { Tape } from "./tape.ts";
import type { Variable } from "./variable.ts";

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
  const { backend } = tape;
  let offset = 0;
  const places = widths.map((width) => ({ width, offset: (offset += width) - width }));
  // The kernel adds, as its backward pass has to.
  backend.run("fill", [out.slot], [out.size, 0]);
  for (const [at, { width, offset }] of places.entries()) {
    const slots = [parts[at]?.slot ?? null, out.slot];
    backend.run("add_block", slots, [rows, width, width, 0, whole, offset]);
  }
  tape.record(out, (dout) => {
    for (const [at, { width, offset }] of places.entries()) {
      const part = parts[at];
      if (part?.differentiable !== true) continue;
      const numbers = [rows, width, whole, offset, width, 0];
      backend.run("add_block", [dout, tape.gradient(part)], numbers);
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
  const width = to - from;
  const { backend } = tape;
  const out = tape.output([...x.shape.slice(0, -1), width], x.differentiable);
  backend.run("fill", [out.slot], [out.size, 0]);
  backend.run("add_block", [x.slot, out.slot], [rows, width, cols, from, width, 0]);
  tape.record(out, (dout) => {
    const numbers = [rows, width, width, 0, cols, from];
    backend.run("add_block", [dout, tape.gradient(x)], numbers);
  });
  return out;
}
