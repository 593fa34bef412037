/**
 * Least squares against a table that stays as it is: the half of ALS that solves for one side.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import type { Span } from "../wasm/core_memory.ts";
import type { TrainCore } from "../wasm/train.ts";
import { triangleLength } from "../wasm/train_linear.ts";

/** What the rows are solved against, and by which objective. */
export interface FixedTableOptions {
  /** Rows of `dim` values. */
  readonly table: Float32Array;
  /** Values of a row. */
  readonly dim: number;
  /** Weight of every row having score 0. */
  readonly a0: number;
  /** Weight of the solution's squared length, by the number of rows that are to have score 1. */
  readonly ridge: (count: number) => number;
}

/** A table within a core's memory. Disposing it frees that memory, last made first. */
export interface FixedTable extends Disposable {
  /**
   * The vector `x` that minimises `Σ_i (1 − x·t_i)² + a0·Σ_all (x·t)² + ridge·|x|²` over the rows
   * `i` that are named; zeros if none is.
   *
   * @throws {RangeError} If a row number is outside the table.
   * @throws {TributaryError} `model-invalid` if the table admits no solution.
   */
  solve(rows: Uint32Array): Float64Array;
  /** The scores of all rows for a vector. */
  scores(vector: ArrayLike<number>): Float32Array;
}

/** Puts a table into a core's memory and takes its Gramian. */
export function fixTable(core: TrainCore, options: FixedTableOptions): FixedTable {
  const { dim, a0, ridge } = options;
  const { memory } = core;
  const start = memory.mark();
  const table = memory.alloc(options.table.byteLength);
  memory.f32(table).set(options.table);
  const background = gramOf(table).map((value) => a0 * value);

  /** `XᵀX` of rows in memory, as a packed triangle. */
  function gramOf(rows: Span): Float64Array {
    const mark = memory.mark();
    const out = memory.alloc(8 * triangleLength(dim));
    core.gram({ table: rows, dim, out });
    const gram = memory.f64(out).slice();
    memory.release(mark);
    return gram;
  }

  function put(values: ArrayLike<number>): Span {
    const span = memory.alloc(8 * values.length);
    memory.f64(span).set(values);
    return span;
  }

  function solve(rows: Uint32Array): Float64Array {
    if (rows.length === 0) return new Float64Array(dim);
    const indices = memory.alloc(4 * rows.length);
    memory.u32(indices).set(rows);
    const own = memory.alloc(4 * rows.length * dim);
    core.gather({ table, dim, indices, out: own });
    const system = gramOf(own).map((value, at) => value + (background[at] ?? 0));
    const weight = ridge(rows.length);
    for (let i = 0; i < dim; i++) {
      const at = triangleLength(i) + i;
      system[at] = (system[at] ?? 0) + weight;
    }
    const matrix = put(system);
    const right = memory.alloc(8 * dim);
    core.columnSums({ table: own, dim, out: right });
    if (!core.solve({ matrix, right })) {
      throw new TributaryError(
        "model-invalid",
        "Cannot solve for a vector: the table's Gramian is not positive definite",
      );
    }
    return memory.f64(right).slice();
  }

  function scores(values: ArrayLike<number>): Float32Array {
    const vector = memory.alloc(4 * dim);
    memory.f32(vector).set(values);
    const out = memory.alloc(table.bytes / dim);
    core.scores({ table, vector, out });
    return memory.f32(out).slice();
  }

  /** Runs `work` and frees what it took. */
  function scoped<T>(work: () => T): T {
    const mark = memory.mark();
    try {
      return work();
    } finally {
      memory.release(mark);
    }
  }

  return {
    solve: (rows) => scoped(() => solve(rows)),
    scores: (vector) => scoped(() => scores(vector)),
    [Symbol.dispose]: () => memory.release(start),
  };
}
