/**
 * Initialisers: what parameters hold before the first step, the same bits in every runtime.
 *
 * @module
 */
import type { Rng } from "../core/random.ts";
import { sizeOf } from "../core/tensor.ts";

/** How a parameter's first values are drawn. */
export type Initialiser =
  /** All the same. */
  | { readonly kind: "constant"; readonly value: number }
  /** Uniform in `[-bound, bound)`. */
  | { readonly kind: "uniform"; readonly bound: number }
  /** Mean 0, of this standard deviation. */
  | { readonly kind: "normal"; readonly sd: number }
  /** Uniform within `√(6 / (inputs + outputs))` (Glorot and Bengio, AISTATS 2010, equation 16). */
  | { readonly kind: "glorot" }
  /** Normal with variance `2 / inputs` (He et al., ICCV 2015, equation 10). */
  | { readonly kind: "he" };

/** All zeros. */
export const ZEROS: Initialiser = { kind: "constant", value: 0 };
/** All ones. */
export const ONES: Initialiser = { kind: "constant", value: 1 };

/**
 * Draws a parameter's first values.
 *
 * @param shape Extents. The last one counts the outputs, the others together the inputs.
 * @throws {RangeError} If `glorot` or `he` is to draw a vector or scalar, which has no inputs.
 */
export function drawInitial(
  initial: Initialiser,
  { shape, rng }: { readonly shape: readonly number[]; readonly rng: Rng },
): Float32Array<ArrayBuffer> {
  const values = new Float32Array(sizeOf(shape));
  switch (initial.kind) {
    case "constant":
      return values.fill(initial.value);
    case "uniform":
      return fillUniform(values, { bound: initial.bound, rng });
    case "normal":
      return fillNormal(values, { sd: initial.sd, rng });
    case "glorot": {
      const { inputs, outputs } = fans(initial.kind, shape);
      return fillUniform(values, { bound: Math.sqrt(6 / (inputs + outputs)), rng });
    }
    case "he":
      return fillNormal(values, { sd: Math.sqrt(2 / fans(initial.kind, shape).inputs), rng });
    default:
      return initial satisfies never;
  }
}

function fillUniform(
  values: Float32Array<ArrayBuffer>,
  { bound, rng }: { readonly bound: number; readonly rng: Rng },
): Float32Array<ArrayBuffer> {
  for (let i = 0; i < values.length; i++) values[i] = bound * (2 * rng.uniform() - 1);
  return values;
}

function fillNormal(
  values: Float32Array<ArrayBuffer>,
  { sd, rng }: { readonly sd: number; readonly rng: Rng },
): Float32Array<ArrayBuffer> {
  for (let i = 0; i < values.length; i++) values[i] = sd * rng.normal();
  return values;
}

function fans(kind: string, shape: readonly number[]): { inputs: number; outputs: number } {
  const outputs = shape.at(-1);
  if (shape.length < 2 || outputs === undefined) {
    throw new RangeError(
      `Cannot draw ${kind} values of shape [${shape.join(", ")}]: expected inputs and outputs`,
    );
  }
  return { inputs: sizeOf(shape.slice(0, -1)), outputs };
}
