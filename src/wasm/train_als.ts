/**
 * The train core's server steps of federated implicit ALS: every item's own system, two at a time.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import type { InitOutput } from "../../wasm/train/pkg/train.js";
import type { CoreInstance } from "./core_instance.ts";
import type { Span } from "./core_memory.ts";
import { checkSpans, rowCount } from "./span_checks.ts";
import { triangleLength } from "./train_linear.ts";

/** What both steps have in common. Matrices are packed triangles, see `train_linear.ts`. */
export interface AlsStepOptions {
  /** Values of an item's row. */
  readonly dim: number;
  /** float64 matrix that every item's system has. */
  readonly base: Span;
  /** Regularisation for each unit of an item's count or strength. */
  readonly each: number;
  /** Regularisation that every item has. */
  readonly all: number;
  /** Written: float32 rows, one an item. */
  readonly out: Span;
}

/** What {@link AlsKernels.alsExact} works on. */
export interface AlsExactStepOptions extends AlsStepOptions {
  /** A float32 packed triangle for each item. */
  readonly outer: Span;
  /** A float32 row for each item. */
  readonly linear: Span;
  /** One float32 for each item. */
  readonly counts: Span;
}

/** What {@link AlsKernels.alsNewton} works on. */
export interface AlsNewtonStepOptions extends AlsStepOptions {
  /** float32 rows to step from, one an item. */
  readonly table: Span;
  /** A float32 row for each item. */
  readonly gradients: Span;
  /** One float32 for each item. */
  readonly strengths: Span;
  /** float64 matrix that one unit of strength adds to an item's system. */
  readonly curvature: Span;
  /** Share of the full step. */
  readonly rate: number;
}

/** Server steps. Spans of one call never overlap. */
export interface AlsKernels {
  /**
   * Solves `(outer_i + base + R_i·I) q_i = linear_i` with `R_i = each·count_i + all`, for every
   * item, in float64.
   *
   * @throws {RangeError} If lengths do not fit.
   * @throws {TributaryError} `model-invalid` if an item's matrix is not positive definite, or its
   * solution not finite; what `out` holds is then of no use.
   */
  alsExact(options: AlsExactStepOptions): void;
  /**
   * `q_i += rate·(base + s_i·curvature + R_i·I)⁻¹ (g_i − base·q_i − R_i·q_i)` with
   * `R_i = each·s_i + all`, for every item, in float64.
   *
   * @throws {RangeError} If lengths do not fit.
   * @throws {TributaryError} `model-invalid` if an item's matrix is not positive definite, or its
   * solution not finite; what `out` holds is then of no use.
   */
  alsNewton(options: AlsNewtonStepOptions): void;
}

/** The kernels over an instance of the train core. */
export function alsKernels(instance: CoreInstance<InitOutput>): AlsKernels {
  const { memory } = instance;

  /** Runs a step with scratch, and refuses what it did not finish. */
  function overItems(
    { dim, out }: AlsStepOptions,
    items: number,
    kernel: (core: InitOutput, scratch: Span) => number,
  ): void {
    const mark = memory.mark();
    const scratch = memory.alloc(8 * instance.call((core) => core.solve_scratch(dim) >>> 0));
    const done = instance.call((core) => kernel(core, scratch) >>> 0);
    memory.release(mark);
    if (done !== items) {
      throw new TributaryError(
        "model-invalid",
        `Cannot step item ${done} of ${items}: its matrix is not positive definite, ` +
          "expected more clients, bits or regularisation",
      );
    }
    const wild = memory.f32(out).findIndex((value) => !Number.isFinite(value));
    if (wild >= 0) {
      throw new TributaryError(
        "model-invalid",
        `Cannot step item ${Math.floor(wild / dim)} of ${items}: its new row is not finite`,
      );
    }
  }

  return {
    alsExact(options) {
      const { dim, outer, linear, counts, base, each, all, out } = options;
      const items = rowCount(memory, out, dim);
      const size = triangleLength(dim);
      checkSpans(memory, {
        inputs: [
          { name: "outer", span: outer, values: items * size },
          { name: "linear", span: linear, values: items * dim },
          { name: "counts", span: counts, values: items },
          { name: "base", span: base, values: size, valueBytes: 8 },
        ],
        outputs: [{ name: "out", span: out, values: items * dim }],
      });
      overItems(options, items, (core, scratch) =>
        core.als_exact(
          items,
          dim,
          outer.ptr,
          linear.ptr,
          counts.ptr,
          base.ptr,
          each,
          all,
          out.ptr,
          scratch.ptr,
        ));
    },

    alsNewton(options) {
      const { dim, table, gradients, strengths, base, curvature, each, all, rate, out } = options;
      const items = rowCount(memory, out, dim);
      const size = triangleLength(dim);
      checkSpans(memory, {
        inputs: [
          { name: "table", span: table, values: items * dim },
          { name: "gradients", span: gradients, values: items * dim },
          { name: "strengths", span: strengths, values: items },
          { name: "base", span: base, values: size, valueBytes: 8 },
          { name: "curvature", span: curvature, values: size, valueBytes: 8 },
        ],
        outputs: [{ name: "out", span: out, values: items * dim }],
      });
      overItems(options, items, (core, scratch) =>
        core.als_newton(
          items,
          dim,
          table.ptr,
          gradients.ptr,
          strengths.ptr,
          base.ptr,
          curvature.ptr,
          each,
          all,
          rate,
          out.ptr,
          scratch.ptr,
        ));
    },
  };
}
