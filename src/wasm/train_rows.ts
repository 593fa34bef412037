/**
 * The train core's kernels over vectors and over rows of a table.
 *
 * @module
 */
import type { InitOutput } from "../../wasm/train/pkg/train.js";
import type { CoreInstance } from "./core_instance.ts";
import type { Span } from "./core_memory.ts";
import { type Argument, checkSpans, rowCount } from "./span_checks.ts";

/** Rows of a table, by their numbers. */
export interface RowSelection {
  /** float32 rows of `dim` values. */
  readonly table: Span;
  /** Values of a row. */
  readonly dim: number;
  /** u32 numbers of rows; one may come again. */
  readonly indices: Span;
}

/** What {@link RowKernels.gather} works on. */
export interface GatherOptions extends RowSelection {
  /** Written: one row for each index. */
  readonly out: Span;
}

/** What {@link RowKernels.scatterAdd} works on. */
export interface ScatterAddOptions extends RowSelection {
  /** One row for each index. */
  readonly values: Span;
}

/** What {@link RowKernels.rowSgd} works on. */
export interface RowSgdOptions extends RowSelection {
  /** One row for each index. */
  readonly gradients: Span;
  /** Size of the step. */
  readonly rate: number;
}

/** What {@link RowKernels.rowAdagrad} works on. */
export interface RowAdagradOptions extends RowSgdOptions {
  /** One float32 for each row of the table: its mean squares so far, grown in place. */
  readonly squares: Span;
  /** Added to the root. */
  readonly epsilon: number;
}

/** What {@link RowKernels.scores} works on. */
export interface ScoresOptions {
  /** float32 rows, as long as the vector. */
  readonly table: Span;
  /** float32 values. */
  readonly vector: Span;
  /** Written: one float32 for each row. */
  readonly out: Span;
}

/** Kernels over vectors and rows. Spans of one call never overlap, but for inputs. */
export interface RowKernels {
  /**
   * `Σ a·b` in float32, in one fixed order of eight partial sums.
   *
   * @throws {RangeError} If lengths differ.
   */
  dot(a: Span, b: Span): number;
  /**
   * `y += factor·x` in float32.
   *
   * @throws {RangeError} If lengths differ, or the spans overlap.
   */
  axpy(options: { readonly factor: number; readonly x: Span; readonly y: Span }): void;
  /**
   * Copies rows of a table one after the other.
   *
   * @throws {RangeError} If lengths do not fit, or an index is outside. Nothing is written then.
   */
  gather(options: GatherOptions): void;
  /**
   * Adds rows to rows of a table, in the order of the indices.
   *
   * @throws {RangeError} If lengths do not fit, or an index is outside. Nothing is written then.
   */
  scatterAdd(options: ScatterAddOptions): void;
  /**
   * `row −= rate·gradient`, in the order of the indices.
   *
   * @throws {RangeError} If lengths do not fit, or an index is outside. Nothing is written then.
   */
  rowSgd(options: RowSgdOptions): void;
  /**
   * Adagrad (Duchi et al., JMLR 2011) with one sum a row: `squares += mean(gradient²)`, then
   * `row −= rate·gradient / (√squares + epsilon)`, in the order of the indices.
   *
   * @throws {RangeError} If lengths do not fit, or an index is outside. Nothing is written then.
   */
  rowAdagrad(options: RowAdagradOptions): void;
  /**
   * The dot product of every row of a table with a vector.
   *
   * @throws {RangeError} If lengths do not fit.
   */
  scores(options: ScoresOptions): void;
}

/** The kernels over an instance of the train core. */
export function rowKernels(instance: CoreInstance<InitOutput>): RowKernels {
  const { memory } = instance;

  /** Runs a kernel that returns how many indices it took, or the position of one it did not. */
  function overRows(
    { table, dim, indices }: RowSelection,
    { inputs = [], outputs = [], squares, kernel }: {
      readonly inputs?: readonly Argument[];
      readonly outputs?: readonly Argument[];
      readonly squares?: Span;
      readonly kernel: (core: InitOutput, rows: number, count: number) => number;
    },
  ): void {
    const rows = rowCount(memory, table, dim);
    const count = memory.length(indices, 4);
    const tableIsRead = outputs.length > 0;
    const tableArgument = { name: "table", span: table, values: rows * dim };
    const state = squares ? [{ name: "squares", span: squares, values: rows }] : [];
    checkSpans(memory, {
      inputs: [
        { name: "indices", span: indices, values: count },
        ...inputs.map((input) => ({ ...input, values: count * dim })),
        ...(tableIsRead ? [tableArgument] : []),
      ],
      outputs: [
        ...outputs.map((output) => ({ ...output, values: count * dim })),
        ...(tableIsRead ? [] : [tableArgument, ...state]),
      ],
    });
    const done = instance.call((core) => kernel(core, rows, count) >>> 0);
    if (done !== count) {
      throw new RangeError(
        `Cannot use row ${memory.u32(indices)[done]}: the table has ${rows} rows`,
      );
    }
  }

  return {
    dot(a, b) {
      const length = memory.length(a, 4);
      checkSpans(memory, { inputs: [{ name: "b", span: b, values: length }], outputs: [] });
      return instance.call((core) => core.dot(a.ptr, b.ptr, length));
    },

    axpy({ factor, x, y }) {
      const length = memory.length(x, 4);
      checkSpans(memory, {
        inputs: [{ name: "x", span: x, values: length }],
        outputs: [{ name: "y", span: y, values: length }],
      });
      instance.call((core) => core.add_scaled(x.ptr, y.ptr, length, factor));
    },

    gather({ out, ...selection }) {
      const { table, dim, indices } = selection;
      overRows(selection, {
        outputs: [{ name: "out", span: out, values: 0 }],
        kernel: (core, rows, count) =>
          core.gather(table.ptr, indices.ptr, out.ptr, rows, dim, count),
      });
    },

    scatterAdd({ values, ...selection }) {
      const { table, dim, indices } = selection;
      overRows(selection, {
        inputs: [{ name: "values", span: values, values: 0 }],
        kernel: (core, rows, count) =>
          core.scatter_add(table.ptr, indices.ptr, values.ptr, rows, dim, count),
      });
    },

    rowSgd({ gradients, rate, ...selection }) {
      const { table, dim, indices } = selection;
      overRows(selection, {
        inputs: [{ name: "gradients", span: gradients, values: 0 }],
        kernel: (core, rows, count) =>
          core.row_sgd(table.ptr, indices.ptr, gradients.ptr, rows, dim, count, rate),
      });
    },

    rowAdagrad({ gradients, squares, rate, epsilon, ...selection }) {
      const { table, dim, indices } = selection;
      overRows(selection, {
        inputs: [{ name: "gradients", span: gradients, values: 0 }],
        squares,
        kernel: (core, rows, count) =>
          core.row_adagrad(
            table.ptr,
            squares.ptr,
            indices.ptr,
            gradients.ptr,
            rows,
            dim,
            count,
            rate,
            epsilon,
          ),
      });
    },

    scores({ table, vector, out }) {
      const dim = memory.length(vector, 4);
      const rows = rowCount(memory, table, dim);
      checkSpans(memory, {
        inputs: [{ name: "table", span: table, values: rows * dim }, {
          name: "vector",
          span: vector,
          values: dim,
        }],
        outputs: [{ name: "out", span: out, values: rows }],
      });
      instance.call((core) => core.scores(table.ptr, rows, dim, vector.ptr, out.ptr));
    },
  };
}
