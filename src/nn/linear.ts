/**
 * The dense layer.
 *
 * @module
 */
import { type Activation, linear as applyLinear } from "../tensor/mod.ts";
import { type Initialiser, ZEROS } from "./initial.ts";
import type { Layer } from "./layer.ts";

/** What {@link linear} takes. */
export interface LinearLayerOptions {
  /** Values of an input row. */
  readonly inputs: number;
  /** Values of an output row. */
  readonly outputs: number;
  /** Applied to the result in the same kernel; default none. */
  readonly activation?: Activation;
  /** Whether a vector is added; default true. */
  readonly bias?: boolean;
  /** First weights; default `he` before `relu`, else `glorot`. Biases start at zero. */
  readonly initial?: Initialiser;
}

/**
 * `activation(x·weight + bias)` over the last axis: `[…, inputs]` to `[…, outputs]`.
 *
 * Parameters: `weight` `[inputs, outputs]`, `bias` `[outputs]`.
 */
export function linear(options: LinearLayerOptions): Layer {
  const { inputs, outputs, activation = "none", bias = true } = options;
  const usual = { kind: activation === "relu" ? "he" : "glorot" } as const;
  const { initial = usual } = options;
  return {
    parameters: [
      { name: "weight", shape: [inputs, outputs], initial },
      ...(bias ? [{ name: "bias", shape: [outputs], initial: ZEROS }] : []),
    ],
    bind(parameter) {
      const weight = parameter("weight");
      const options = { activation, ...(bias ? { bias: parameter("bias") } : {}) };
      return ({ tape }, x) => applyLinear(tape, x, weight, options);
    },
  };
}
