/**
 * The server's half of implicit ALS, solved exactly from the clients' normal equations.
 *
 * @module
 */
import * as v from "valibot";
import { tensorOf, zeros } from "../core/tensor.ts";
import type { TensorSpec } from "../core/tensor.ts";
import type { Span } from "../wasm/core_memory.ts";
import type { TrainCore } from "../wasm/train.ts";
import { triangleLength } from "../wasm/train_linear.ts";
import { alsTable } from "./als_table.ts";
import { positive, readOptions } from "../core/options.ts";
import type { StrategyPlan, StrategyServer, SumSpec } from "./strategy.ts";

/** Options of the exact ALS step as they stand in a task; see the `ials` model's. */
export interface AlsExactOptions {
  /** Tells the strategies apart. */
  readonly kind: "als-exact";
  /** Weight of every pair of a person and an item having score 0. */
  readonly a0: number;
  /** Regularisation for each unit of weight. */
  readonly reg: number;
  /** Largest entry of a person's vector. */
  readonly range: number;
}

const schema: v.GenericSchema<unknown, AlsExactOptions> = v.strictObject({
  kind: v.literal("als-exact"),
  a0: positive("a0"),
  reg: positive("reg"),
  range: positive("range"),
});

/**
 * Options of the exact ALS step.
 *
 * @param options `a0` (default 0.3), `reg` (default 0.005) and `range` (default 1).
 */
export function alsExact(options: Partial<Omit<AlsExactOptions, "kind">> = {}): AlsExactOptions {
  return { kind: "als-exact", a0: 0.3, reg: 0.005, range: 1, ...options };
}

/**
 * `q_i = (outer_i + a0·gram + reg·(count_i + a0·clients)·I)⁻¹ linear_i` for every item: one half
 * sweep of central ALS, from sums alone. Without state.
 */
export function alsExactFrom(value: unknown): StrategyPlan {
  const options = readOptions(schema, value, "use strategy als-exact");
  return {
    options,
    contribution: "sums",
    sums: (model) => sumsOf(options, model),
    server: (core) => server(options, core),
  };
}

function sumsOf(
  { range }: AlsExactOptions,
  model: readonly TensorSpec[],
): readonly SumSpec[] {
  const { items, dim } = alsTable(model);
  const size = triangleLength(dim);
  return [
    { name: "outer", shape: [items, size], range: range * range },
    { name: "linear", shape: [items, dim], range },
    { name: "count", shape: [items], range: 1 },
    { name: "gram", shape: [size], range: range * range },
  ];
}

function server(options: AlsExactOptions, core: TrainCore): StrategyServer {
  const { a0, reg } = options;
  return {
    init: () => ({}),
    step({ model, state, sums, clients }) {
      const { name, items, dim } = alsTable(
        Object.entries(model).map(([name, { shape }]) => ({ name, shape })),
      );
      const next = zeros([items, dim]);
      const { memory } = core;
      const mark = memory.mark();
      const put = (sum: string): Span => {
        const { data } = tensorOf(sums, sum);
        const span = memory.alloc(data.byteLength);
        memory.f32(span).set(data);
        return span;
      };
      try {
        const base = memory.alloc(8 * triangleLength(dim));
        memory.f64(base).set(Float64Array.from(tensorOf(sums, "gram").data, (x) => a0 * x));
        const out = memory.alloc(next.data.byteLength);
        core.alsExact({
          dim,
          outer: put("outer"),
          linear: put("linear"),
          counts: put("count"),
          base,
          each: reg,
          all: reg * a0 * clients,
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
