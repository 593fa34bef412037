/**
 * L2 clipping: no client moves the model by more than a bound.
 *
 * @module
 */
import type { NamedTensors } from "../core/tensor.ts";
import type { AggregateCore } from "../wasm/aggregate.ts";
import { eachBlock, naming } from "./_blocks.ts";
import { scaleTensors } from "./scale.ts";

/** Room for rounding to float32, which may lengthen a vector by a part in 2^23. */
const ROUNDING = 1 - 2 ** -22;
/** Smallest float32 of full precision. */
const SMALLEST_NORMAL = 2 ** -126;

/** What clipping made of an update. */
export interface Clipped {
  /** The update, of norm at most the bound; the very same one if it was within it. */
  readonly tensors: NamedTensors;
  /** Its norm before. */
  readonly norm: number;
}

/**
 * L2 norm over all values of all tensors, in float64.
 *
 * @throws {TributaryError} `update-not-finite`; the sentence names the tensor and the place.
 */
export function l2Norm(core: AggregateCore, tensors: NamedTensors): number {
  let sum = 0;
  for (const [name, tensor] of Object.entries(tensors)) {
    naming(name, tensor, () =>
      eachBlock(core, tensor.data.length, ({ from, to, input }) => {
        core.memory.f32(input).set(tensor.data.subarray(from, to));
        sum += core.squaredNorm(input);
      }));
  }
  return Math.sqrt(sum);
}

/**
 * Scales an update to norm `bound` if its own is larger: `x · min(1, bound / ‖x‖₂)`, all tensors
 * together (McMahan et al. 2018, "Learning Differentially Private Recurrent Language Models",
 * section 3.1). What comes out is never longer than `bound`, rounding included.
 *
 * @throws {TributaryError} `update-not-finite` for a NaN or an infinity.
 * @throws {RangeError} If `bound` is no positive number.
 */
export function clipL2(core: AggregateCore, tensors: NamedTensors, bound: number): Clipped {
  if (!(bound > 0)) throw new RangeError(`Cannot clip to a norm of ${bound}: expected more than 0`);
  const norm = l2Norm(core, tensors);
  if (norm <= bound) return { tensors, norm };
  const factor = bound / norm * ROUNDING;
  // Below, float32 keeps so few digits that the bound could be passed; nothing of use is lost.
  return { tensors: scaleTensors(core, tensors, factor < SMALLEST_NORMAL ? 0 : factor), norm };
}
