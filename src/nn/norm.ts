/**
 * Layers that bring each row to one scale.
 *
 * @module
 */
import { layerNorm as normalise, rmsNorm as normaliseSquare } from "../tensor/mod.ts";
import { ONES, ZEROS } from "./initial.ts";
import type { Layer } from "./layer.ts";

/** What {@link layerNorm} and {@link rmsNorm} take. */
export interface NormLayerOptions {
  /** Values of a row. */
  readonly width: number;
  /** Added to the variance, or to the mean square; default 1e-5, for `rmsNorm` 1e-6. */
  readonly epsilon?: number;
}

/**
 * `gain·(x − mean)/√(variance + epsilon) + shift` over the last axis (Ba, Kiros and Hinton 2016,
 * arXiv 1607.06450), with the biased variance.
 *
 * Parameters: `gain` and `shift` `[width]`.
 */
export function layerNorm({ width, epsilon = 1e-5 }: NormLayerOptions): Layer {
  return {
    parameters: [
      { name: "gain", shape: [width], initial: ONES },
      { name: "shift", shape: [width], initial: ZEROS },
    ],
    bind(parameter) {
      const [gain, shift] = [parameter("gain"), parameter("shift")];
      return ({ tape }, x) => normalise(tape, x, { gain, shift, epsilon });
    },
  };
}

/**
 * `gain·x/√(mean(x²) + epsilon)` over the last axis (Zhang and Sennrich, NeurIPS 2019).
 *
 * Parameter: `gain` `[width]`.
 */
export function rmsNorm({ width, epsilon = 1e-6 }: NormLayerOptions): Layer {
  return {
    parameters: [{ name: "gain", shape: [width], initial: ONES }],
    bind(parameter) {
      const gain = parameter("gain");
      return ({ tape }, x) => normaliseSquare(tape, x, { gain, epsilon });
    },
  };
}
