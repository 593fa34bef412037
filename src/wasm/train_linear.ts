/**
 * The train core's linear algebra: Gramians, and symmetric positive definite systems.
 *
 * A symmetric matrix is its lower triangle in float64, packed by rows: entry `(i, j)`, `j ≤ i`,
 * stands at `i (i + 1) / 2 + j`.
 *
 * @module
 */
import type { InitOutput } from "../../wasm/train/pkg/train.js";
import type { CoreInstance } from "./core_instance.ts";
import type { Span } from "./core_memory.ts";
import { checkSpans, rowCount } from "./span_checks.ts";

/** Number of entries of a packed triangle of `dim` rows. */
export function triangleLength(dim: number): number {
  return dim * (dim + 1) / 2;
}

/** What {@link LinearKernels.gram} and {@link LinearKernels.columnSums} work on. */
export interface TableOptions {
  /** float32 rows of `dim` values; there may be none. */
  readonly table: Span;
  /** Values of a row. */
  readonly dim: number;
  /** Written: float64. */
  readonly out: Span;
}

/** What {@link LinearKernels.solve} works on. */
export interface SolveOptions {
  /** A packed triangle of float64. */
  readonly matrix: Span;
  /** float64 right-hand side; the solution is put in its place. */
  readonly right: Span;
}

/** What {@link LinearKernels.invert} works on. */
export interface InvertOptions {
  /** A packed triangle of float32; the inverse's is put in its place. */
  readonly matrix: Span;
  /** Rows of the matrix. */
  readonly dim: number;
  /** What is added to each entry of the diagonal first. */
  readonly ridge: number;
}

/** Linear algebra. Spans of one call never overlap. */
export interface LinearKernels {
  /**
   * `XᵀX` as a packed triangle: float32 products, summed in float32 over blocks of 128 rows and in
   * float64 over the blocks.
   *
   * @throws {RangeError} If lengths do not fit.
   */
  gram(options: TableOptions): void;
  /**
   * Sums of the columns, in float64.
   *
   * @throws {RangeError} If lengths do not fit.
   */
  columnSums(options: TableOptions): void;
  /**
   * Solves `A x = b` by Cholesky's factorisation in float64.
   *
   * @returns Whether `A` is positive definite: each pivot above 1e-12 of its diagonal entry. If
   * not, `right` is as it was.
   * @throws {RangeError} If lengths do not fit.
   */
  solve(options: SolveOptions): boolean;
  /**
   * `(A + ridge·I)⁻¹` by Cholesky's factorisation in float64, for thousands of rows: about `dim³`
   * operations, over scratch of about `4·dim²` bytes.
   *
   * @returns Whether the matrix is positive definite, as in {@link LinearKernels.solve}. If not, it
   * is as it was.
   * @throws {RangeError} If lengths do not fit.
   */
  invert(options: InvertOptions): boolean;
}

/** The kernels over an instance of the train core. */
export function linearKernels(instance: CoreInstance<InitOutput>): LinearKernels {
  const { memory } = instance;

  function overTable(
    { table, dim, out }: TableOptions,
    values: number,
    kernel: (core: InitOutput, rows: number) => void,
  ): void {
    const rows = rowCount(memory, table, dim);
    checkSpans(memory, {
      inputs: [{ name: "table", span: table, values: rows * dim }],
      outputs: [{ name: "out", span: out, values, valueBytes: 8 }],
    });
    instance.call((core) => kernel(core, rows));
  }

  return {
    gram(options) {
      const { table, dim, out } = options;
      overTable(options, triangleLength(dim), (core, rows) => {
        core.gram(table.ptr, rows, dim, out.ptr);
      });
    },

    columnSums(options) {
      const { table, dim, out } = options;
      overTable(options, dim, (core, rows) => core.column_sums(table.ptr, rows, dim, out.ptr));
    },

    solve({ matrix, right }) {
      const dim = memory.length(right, 8);
      checkSpans(memory, {
        inputs: [{ name: "matrix", span: matrix, values: triangleLength(dim), valueBytes: 8 }],
        outputs: [{ name: "right", span: right, values: dim, valueBytes: 8 }],
      });
      const mark = memory.mark();
      const scratch = memory.alloc(8 * instance.call((core) => core.solve_scratch(dim) >>> 0));
      const definite = instance.call((core) =>
        core.solve(matrix.ptr, right.ptr, dim, scratch.ptr) !== 0
      );
      memory.release(mark);
      return definite;
    },

    invert({ matrix, dim, ridge }) {
      checkSpans(memory, {
        inputs: [],
        outputs: [{ name: "matrix", span: matrix, values: triangleLength(dim) }],
      });
      const mark = memory.mark();
      const scratch = memory.alloc(instance.call((core) => core.invert_scratch(dim) >>> 0));
      const done = instance.call((core) => core.invert(matrix.ptr, dim, ridge, scratch.ptr) >>> 0);
      memory.release(mark);
      return done === dim;
    },
  };
}
