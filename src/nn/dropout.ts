/**
 * Dropout, repeatable by seed.
 *
 * @module
 */
import { dropout as drop } from "../tensor/mod.ts";
import type { Layer } from "./layer.ts";

/**
 * Sets values to zero at random and scales up the others, so that the mean stays (Srivastava et al.,
 * JMLR 2014). In a pass without a generator, and at rate 0, it gives back its input.
 *
 * @param rate Share of values that are dropped, in `[0, 1)`.
 * @throws {RangeError} If the rate is not.
 */
export function dropout(rate: number): Layer {
  if (!(rate >= 0 && rate < 1)) {
    throw new RangeError(`Cannot drop ${rate} of all values: expected a share in [0, 1)`);
  }
  return {
    parameters: [],
    bind: () => ({ tape, rng }, x) => {
      if (rng === undefined || rate === 0) return x;
      return drop(tape, x, { rate, seed: [rng.u32(), rng.u32()] });
    },
  };
}
