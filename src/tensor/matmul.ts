/**
 * Products of matrices.
 *
 * @module
 */
import { sameShape, sizeOf } from "../core/tensor.ts";
import type { Slot } from "./backend.ts";
import { shown } from "./shapes.ts";
import type { Tape } from "./tape.ts";
import type { Variable } from "./variable.ts";

/** What {@link matmul} may be told. */
export interface MatmulOptions {
  /** Takes the first operand's last two axes the other way round; default false. */
  readonly transposeA?: boolean;
  /** Takes the second operand's last two axes the other way round; default false. */
  readonly transposeB?: boolean;
}

/** A matrix in memory, as a product sees it. */
interface Matrix {
  readonly rows: number;
  readonly cols: number;
  /** Values from row to row, and from column to column. */
  readonly steps: readonly [number, number];
}

/**
 * `a·b`, matrix by matrix.
 *
 * @param a `[…, m, k]`.
 * @param b `[…, k, n]` with the same leading extents, or `[k, n]` for all of them.
 * @returns `[…, m, n]`.
 * @throws {RangeError} If the shapes do not fit.
 */
export function matmul(
  tape: Tape,
  a: Variable,
  b: Variable,
  { transposeA = false, transposeB = false }: MatmulOptions = {},
): Variable {
  const left = matrixOf(a, transposeA);
  const right = matrixOf(b, transposeB);
  const outer = a.shape.slice(0, -2);
  const shared = b.shape.length === 2;
  const fits = left !== undefined && right !== undefined && left.cols === right.rows &&
    (shared || sameShape(outer, b.shape.slice(0, -2)));
  if (!fits) {
    const how = transposeA || transposeB
      ? ` (transposed: ${[...(transposeA ? ["a"] : []), ...(transposeB ? ["b"] : [])].join(", ")})`
      : "";
    throw new RangeError(
      `Cannot matmul ${shown(a)} by ${shown(b)}${how}: expected […, m, k] by […, k, n] or [k, n]`,
    );
  }
  const out = tape.output(
    [...outer, left.rows, right.cols],
    a.differentiable || b.differentiable,
  );
  const product: Matrix = { rows: left.rows, cols: right.cols, steps: [right.cols, 1] };
  const count = sizeOf(outer);
  const parts = (slot: Slot, single = false): (at: number) => Slot => {
    if (count === 1 || single) return () => slot;
    const bytes = slot.bytes / count;
    return (at) => tape.backend.slice(slot, { offset: at * bytes, bytes });
  };
  const [as, bs, outs] = [parts(a.slot), parts(b.slot, shared), parts(out.slot)];
  for (let at = 0; at < count; at++) {
    gemm(tape, [as(at), left], [bs(at), right], { c: outs(at), of: product, beta: 0 });
  }
  tape.record(out, (dout) => {
    const douts = parts(dout);
    if (a.differentiable) {
      const das = parts(tape.gradient(a));
      for (let at = 0; at < count; at++) {
        gemm(tape, [douts(at), product], [bs(at), turned(right)], {
          c: das(at),
          of: left,
          beta: 1,
        });
      }
    }
    if (b.differentiable) {
      const dbs = parts(tape.gradient(b), shared);
      for (let at = 0; at < count; at++) {
        gemm(tape, [as(at), turned(left)], [douts(at), product], {
          c: dbs(at),
          of: right,
          beta: 1,
        });
      }
    }
  });
  return out;
}

function matrixOf({ shape }: Variable, transposed: boolean): Matrix | undefined {
  const [rows, cols] = shape.slice(-2);
  if (rows === undefined || cols === undefined) return undefined;
  const matrix: Matrix = { rows, cols, steps: [cols, 1] };
  return transposed ? turned(matrix) : matrix;
}

function turned({ rows, cols, steps: [down, along] }: Matrix): Matrix {
  return { rows: cols, cols: rows, steps: [along, down] };
}

/** `c = a·b + beta·c`. */
function gemm(
  tape: Tape,
  [a, left]: readonly [Slot, Matrix],
  [b, right]: readonly [Slot, Matrix],
  { c, of, beta }: { readonly c: Slot; readonly of: Matrix; readonly beta: number },
): void {
  tape.backend.run(
    "gemm",
    [a, b, c],
    [left.rows, right.cols, left.cols, ...left.steps, ...right.steps, ...of.steps, 1, beta],
  );
}
