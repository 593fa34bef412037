/**
 * The server's half of implicit ALS as one damped Newton step on every item, from `dim + 1` values
 * an item and two small matrices.
 *
 * @module
 */
import * as v from "valibot";
import { TributaryError } from "../core/errors.ts";
import { tensorOf, zeros } from "../core/tensor.ts";
import type { NamedTensors, TensorSpec } from "../core/tensor.ts";
import type { Span } from "../wasm/core_memory.ts";
import type { TrainCore } from "../wasm/train.ts";
import { triangleLength } from "../wasm/train_linear.ts";
import { alsTable, trace } from "./als_table.ts";
import { positive, readOptions } from "../core/options.ts";
import type { StrategyPlan, StrategyServer, SumSpec } from "./strategy.ts";

/** Options of the quasi-Newton ALS step as they stand in a task; see the `ials` model's. */
export interface AlsNewtonOptions {
  /** Tells the strategies apart. */
  readonly kind: "als-newton";
  /** Weight of every pair of a person and an item having score 0. */
  readonly a0: number;
  /** Regularisation for each unit of weight. */
  readonly reg: number;
  /** Share of the full step; 1 with most clients in every round, 0.1 with a tenth of them. */
  readonly lr: number;
  /** Longest vector of a person. */
  readonly range: number;
  /**
   * Pull of every item's vector towards 0, in units of the sums; none where left out. With noise in the
   * sums it keeps their matrices positive, and items that few people took from following the noise.
   */
  readonly ridge?: number;
}

const schema: v.GenericSchema<unknown, AlsNewtonOptions> = v.strictObject({
  kind: v.literal("als-newton"),
  a0: positive("a0"),
  reg: positive("reg"),
  lr: positive("lr"),
  range: positive("range"),
  ridge: v.exactOptional(positive("ridge")),
});

/**
 * Options of the quasi-Newton ALS step.
 *
 * @param options `a0` (default 0.3), `reg` (default 0.005), `lr` (default 1), `range` (default 1) and
 * `ridge` (default none).
 */
export function alsNewton(
  options: Partial<Omit<AlsNewtonOptions, "kind">> = {},
): AlsNewtonOptions {
  return { kind: "als-newton", a0: 0.3, reg: 0.005, lr: 1, range: 1, ...options };
}

/** Share of an item's curvature that points everywhere alike: what keeps the step stable. */
const ISOTROPIC = 0.1;

/**
 * For every item, with `c_i = strength_i·weight / tr(gram)` and `R_i = reg·(c_i + a0·weight) + ridge`:
 *
 * `q_i += lr·H_i⁻¹ (gradient_i − a0·gram·q_i − R_i·q_i)`, where
 * `H_i = a0·gram + strength_i·(0.9·C + 0.1·I) + R_i·I` and `C = curvature / tr(curvature)`.
 * Strengths are sums of squares: what noise made negative of them counts as 0.
 *
 * The exact Hessian would need a matrix for each item; `strength_i·C` stands for it. Without state.
 */
export function alsNewtonFrom(value: unknown): StrategyPlan {
  const options = readOptions(schema, value, "use strategy als-newton");
  return {
    options,
    contribution: "sums",
    sums: (model) => sumsOf(options, model),
    server: (core) => server(options, core),
  };
}

function sumsOf(
  { range }: AlsNewtonOptions,
  model: readonly TensorSpec[],
): readonly SumSpec[] {
  const { items, dim } = alsTable(model);
  const size = triangleLength(dim);
  return [
    { name: "gradient", shape: [items, dim], range },
    { name: "strength", shape: [items], range: range * range },
    { name: "gram", shape: [size], range: range * range },
    { name: "curvature", shape: [size], range: range * range },
    { name: "weight", shape: [1], range: 1 },
  ];
}

function server(options: AlsNewtonOptions, core: TrainCore): StrategyServer {
  return {
    init: () => ({}),
    step({ model, state, sums }) {
      const { name, items, dim } = alsTable(
        Object.entries(model).map(([name, { shape }]) => ({ name, shape })),
      );
      const next = zeros([items, dim]);
      const { base, curvature, each, all } = sharedTerms(options, sums);
      const { memory } = core;
      const mark = memory.mark();
      const put = ({ data }: { readonly data: Float32Array }): Span => {
        const span = memory.alloc(data.byteLength);
        memory.f32(span).set(data);
        return span;
      };
      const putTriangle = (triangle: Float64Array): Span => {
        const span = memory.alloc(triangle.byteLength);
        memory.f64(span).set(triangle);
        return span;
      };
      try {
        const out = memory.alloc(next.data.byteLength);
        core.alsNewton({
          dim,
          table: put(tensorOf(model, name)),
          gradients: put(tensorOf(sums, "gradient")),
          strengths: put({ data: tensorOf(sums, "strength").data.map((x) => Math.max(0, x)) }),
          base: putTriangle(base),
          curvature: putTriangle(curvature),
          each,
          all,
          rate: options.lr,
          out,
        });
        next.data.set(memory.f32(out));
      } finally {
        memory.release(mark);
      }
      return { model: { [name]: next }, state };
    },
  };
}

/** What is the same for every item. */
function sharedTerms(
  { a0, reg, ridge = 0 }: AlsNewtonOptions,
  sums: NamedTensors,
): { base: Float64Array; curvature: Float64Array; each: number; all: number } {
  const gram = tensorOf(sums, "gram").data;
  const spread = tensorOf(sums, "curvature").data;
  const weight = tensorOf(sums, "weight").data[0] ?? 0;
  const [length, spreadLength] = [trace(gram), trace(spread)];
  if (!(weight > 0 && length > 0 && spreadLength > 0)) {
    throw new TributaryError(
      "model-invalid",
      `Cannot step the items: the clients' weight is ${weight} and their vectors' squared length ` +
        `${length} and ${spreadLength}, expected numbers above 0`,
    );
  }
  const curvature = Float64Array.from(spread, (x) => (1 - ISOTROPIC) * x / spreadLength);
  for (let i = 0, at = 0; at < curvature.length; i++, at += i + 1) {
    curvature[at] = (curvature[at] ?? 0) + ISOTROPIC;
  }
  return {
    base: Float64Array.from(gram, (x) => a0 * x),
    curvature,
    each: reg * weight / length,
    all: reg * a0 * weight + ridge,
  };
}
