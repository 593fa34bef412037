/**
 * Sums, differences, products and quotients, value by value.
 *
 * @module
 */
import { sameShape } from "../core/tensor.ts";
import type { Slot } from "./backend.ts";
import { addGradients } from "./gradients.ts";
import { expectSameShape, shown } from "./shapes.ts";
import type { Tape } from "./tape.ts";
import type { Variable } from "./variable.ts";

/**
 * `a + b`.
 *
 * @param b Same shape as `a`, or the last axes of it: then added to each part of `a` alike, as a bias
 * is to rows, or positions to sequences.
 * @throws {RangeError} If the shapes do not fit.
 */
export function add(tape: Tape, a: Variable, b: Variable): Variable {
  const { backend } = tape;
  const out = tape.output(a.shape, a.differentiable || b.differentiable);
  if (sameShape(a.shape, b.shape)) {
    backend.run("add", [a.slot, b.slot, out.slot], [out.size]);
    tape.record(out, (dout) => {
      accumulate(tape, dout, a);
      accumulate(tape, dout, b);
    });
    return out;
  }
  const isTail = b.shape.length < a.shape.length &&
    sameShape(a.shape.slice(a.shape.length - b.shape.length), b.shape);
  if (!isTail) {
    throw new RangeError(
      `Cannot add ${shown(a)} and ${
        shown(b)
      }: expected equal shapes, or the last axes of the first`,
    );
  }
  const numbers = [b.size === 0 ? 0 : a.size / b.size, b.size];
  backend.run("add_rows", [a.slot, b.slot, out.slot], numbers);
  tape.record(out, (dout) => {
    accumulate(tape, dout, a);
    if (b.differentiable) backend.run("column_sum", [dout, tape.gradient(b)], numbers);
  });
  return out;
}

/**
 * `a − b`.
 *
 * @throws {RangeError} If the shapes differ.
 */
export function subtract(tape: Tape, a: Variable, b: Variable): Variable {
  expectSameShape("subtract", a, b);
  const out = tape.output(a.shape, a.differentiable || b.differentiable);
  tape.backend.run("subtract", [a.slot, b.slot, out.slot], [out.size]);
  tape.record(out, (dout) => {
    accumulate(tape, dout, a);
    accumulate(tape, dout, b, -1);
  });
  return out;
}

/**
 * `a·b`, value by value.
 *
 * @throws {RangeError} If the shapes differ.
 */
export function multiply(tape: Tape, a: Variable, b: Variable): Variable {
  expectSameShape("multiply", a, b);
  const { backend } = tape;
  const out = tape.output(a.shape, a.differentiable || b.differentiable);
  backend.run("multiply", [a.slot, b.slot, out.slot], [out.size]);
  tape.record(out, (dout) => {
    if (a.differentiable) {
      backend.run("multiply_add", [dout, b.slot, tape.gradient(a)], [out.size]);
    }
    if (b.differentiable) {
      backend.run("multiply_add", [dout, a.slot, tape.gradient(b)], [out.size]);
    }
  });
  return out;
}

/**
 * `a/b`, value by value.
 *
 * @throws {RangeError} If the shapes differ.
 */
export function divide(tape: Tape, a: Variable, b: Variable): Variable {
  expectSameShape("divide", a, b);
  const { backend } = tape;
  const out = tape.output(a.shape, a.differentiable || b.differentiable);
  backend.run("divide", [a.slot, b.slot, out.slot], [out.size]);
  tape.record(out, (dout) => {
    addGradients(tape, [a, b], (gradients) => {
      backend.run("divide_backward", [b.slot, out.slot, dout, ...gradients], [out.size]);
    });
  });
  return out;
}

/**
 * `factor·x`.
 *
 * @throws {RangeError} If `factor` is not finite.
 */
export function scale(tape: Tape, x: Variable, factor: number): Variable {
  if (!Number.isFinite(factor)) {
    throw new RangeError(`Cannot scale ${shown(x)} by ${factor}: expected a finite number`);
  }
  const out = tape.output(x.shape, x.differentiable);
  tape.backend.run("scale", [x.slot, out.slot], [x.size, factor]);
  tape.record(out, (dout) => accumulate(tape, dout, x, factor));
  return out;
}

/** `−x`. */
export function negate(tape: Tape, x: Variable): Variable {
  return scale(tape, x, -1);
}

/** Adds `factor·gradient` to the gradient of `to`, if one flows there. */
function accumulate(tape: Tape, gradient: Slot, to: Variable, factor = 1): void {
  if (!to.differentiable) return;
  tape.backend.run("add_scaled", [gradient, tape.gradient(to)], [to.size, factor]);
}
