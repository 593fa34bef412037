/**
 * The server's half of EASE: the inverse of what clients have in common.
 *
 * @module
 */
import * as v from "valibot";
import { TributaryError } from "../core/errors.ts";
import { positive, readOptions } from "../core/options.ts";
import { tensorOf } from "../core/tensor.ts";
import type { TensorSpec } from "../core/tensor.ts";
import type { TrainCore } from "../wasm/train.ts";
import { triangleLength } from "../wasm/train_linear.ts";
import type { StrategyPlan, StrategyServer, SumSpec } from "./strategy.ts";

/** Options of the EASE step as they stand in a task; see the `ease` model's. */
export interface EaseStepOptions {
  /** Tells the strategies apart. */
  readonly kind: "ease";
  /** λ, what is added to each item's own count. */
  readonly reg: number;
}

const schema: v.GenericSchema<unknown, EaseStepOptions> = v.strictObject({
  kind: v.literal("ease"),
  reg: positive("reg"),
});

/** Name of the sum of all clients' pairs. */
const PAIRS = "pairs";

/**
 * Options of the EASE step.
 *
 * @param options `reg` (default 100).
 */
export function easeStep(options: Partial<Omit<EaseStepOptions, "kind">> = {}): EaseStepOptions {
  return { kind: "ease", reg: 100, ...options };
}

/**
 * `P = (G + reg·I)⁻¹` in float64, where `G` is the sum of what clients send (Steck, WWW 2019): both
 * symmetric, as packed lower triangles. Without state, and whatever the model was before.
 */
export function easeFrom(value: unknown): StrategyPlan {
  const options = readOptions(schema, value, "use strategy ease");
  return {
    options,
    contribution: "sums",
    sums: (model) => sumsOf(model),
    server: (core) => server(options, core),
  };
}

function sumsOf(model: readonly TensorSpec[]): readonly SumSpec[] {
  const { length } = theTriangle(model);
  // 0 and 1 are on every grid, so that sums of them are exact.
  return [{ name: PAIRS, shape: [length], range: 1 }];
}

function server({ reg }: EaseStepOptions, core: TrainCore): StrategyServer {
  return {
    init: () => ({}),
    step({ model, state, sums }) {
      const { name, length, dim } = theTriangle(
        Object.entries(model).map(([name, { shape }]) => ({ name, shape })),
      );
      const { memory } = core;
      const mark = memory.mark();
      try {
        const matrix = memory.alloc(4 * length);
        memory.f32(matrix).set(tensorOf(sums, PAIRS).data);
        if (!core.invert({ matrix, dim, ridge: reg })) {
          throw new TributaryError(
            "model-invalid",
            "Cannot step by ease: the sum of the pairs is not positive definite, " +
              "expected more regularisation, bits or clients",
          );
        }
        return { model: { [name]: { shape: [length], data: memory.f32(matrix).slice() } }, state };
      } finally {
        memory.release(mark);
      }
    },
  };
}

/** The packed triangle that a model consists of: its name, its length and the rows of its matrix. */
function theTriangle(
  model: readonly TensorSpec[],
): { readonly name: string; readonly length: number; readonly dim: number } {
  const [tensor, ...rest] = model;
  const [length = 0, ...more] = tensor?.shape ?? [];
  const dim = Math.round((Math.sqrt(8 * length + 1) - 1) / 2);
  if (!tensor || dim < 1 || triangleLength(dim) !== length || rest.length + more.length > 0) {
    const found = model.map(({ name, shape }) => `${name} [${shape}]`).join(", ") || "none";
    throw new TributaryError(
      "task-refused",
      `Cannot take an EASE step on tensors ${found}: expected one packed triangle`,
    );
  }
  return { name: tensor.name, length, dim };
}
