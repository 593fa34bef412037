/**
 * The fused dense layer.
 *
 * @module
 */
import { addGradients } from "./gradients.ts";
import { ACTIVATIONS } from "./kernels.ts";
import { asRows, shown } from "./shapes.ts";
import type { Tape } from "./tape.ts";
import type { Variable } from "./variable.ts";

/**
 * What may follow a dense layer at once: `none`, `relu`, `gelu` (by tanh), `gelu_erf` (exact),
 * `sigmoid`, `tanh`, `silu`.
 */
export type Activation = keyof typeof ACTIVATIONS;

/** What {@link linear} may be told beside its operands. */
export interface LinearOptions {
  /** Added to each row, `[outputs]`. */
  readonly bias?: Variable;
  /** Applied to the result; default `none`. */
  readonly activation?: Activation;
}

/** Activations whose slope is told from their argument, not from their value. */
function needsArgument(activation: Activation): boolean {
  return activation === "gelu" || activation === "gelu_erf" || activation === "silu";
}

/**
 * `activation(x·weight + bias)` in one kernel.
 *
 * @param x      `[…, inputs]`.
 * @param weight `[inputs, outputs]`.
 * @returns `[…, outputs]`.
 * @throws {RangeError} If the shapes do not fit.
 *
 * @example The gradient of a layer's weights
 * ```ts
 * import { createTrainCore, inlineModule } from "../wasm/mod.ts";
 * import { createWasmBackend, linear, sum, Tape } from "./mod.ts";
 *
 * const tape = new Tape(createWasmBackend(createTrainCore(await inlineModule("train"))));
 * const gradient = await tape.step(() => {
 *   const x = tape.constant(Float32Array.of(1, 2, 3, 4), [2, 2]);
 *   const weight = tape.input(Float32Array.of(1, -1), [2, 1]);
 *   tape.backward(sum(tape, linear(tape, x, weight)));
 *   return tape.readGradient(weight);
 * });
 * if (gradient.join() !== "4,6") throw new Error(`${gradient}`);
 * ```
 */
export function linear(
  tape: Tape,
  x: Variable,
  weight: Variable,
  { bias, activation = "none" }: LinearOptions = {},
): Variable {
  const { rows, cols: inputs } = asRows("apply a linear layer to", x);
  const [found, outputs] = weight.shape;
  if (weight.shape.length !== 2 || outputs === undefined || found !== inputs) {
    throw new RangeError(
      `Cannot linear ${shown(x)} by ${shown(weight)}: expected a weight of [${inputs}, outputs]`,
    );
  }
  if (bias !== undefined && (bias.shape.length !== 1 || bias.size !== outputs)) {
    throw new RangeError(
      `Cannot linear ${shown(x)} by ${shown(weight)} with a bias of ${
        shown(bias)
      }: expected [${outputs}]`,
    );
  }
  const differentiable = x.differentiable || weight.differentiable ||
    (bias?.differentiable ?? false);
  const y = tape.output([...x.shape.slice(0, -1), outputs], differentiable);
  const z = y.differentiable && needsArgument(activation) ? tape.scratch(y.size) : null;
  const numbers = [rows, inputs, outputs, ACTIVATIONS[activation]];
  tape.backend.run("linear", [x.slot, weight.slot, bias?.slot ?? null, z, y.slot], numbers);
  tape.record(y, (dy) => {
    addGradients(tape, [x, weight, bias], (gradients) => {
      const operands = [x.slot, weight.slot, z, y.slot, dy, ...gradients];
      tape.backend.run("linear_backward", operands, numbers);
    });
  });
  return y;
}
