/**
 * Values that are left out at random.
 *
 * @module
 */
import { shown } from "./shapes.ts";
import type { Tape } from "./tape.ts";
import type { Variable } from "./variable.ts";

/** What {@link dropout} takes. */
export interface DropoutOptions {
  /** Share of values that become 0, in `[0, 1)`. */
  readonly rate: number;
  /** Two whole numbers below 2^32; the same ones drop the same places. */
  readonly seed: readonly [number, number];
}

/**
 * Sets values to 0 at random and divides the others by `1 − rate` (Srivastava et al., JMLR 2014). A
 * place is dropped or not by the seed and its position alone.
 *
 * @throws {RangeError} If the rate or the seed is out of range.
 */
export function dropout(tape: Tape, x: Variable, { rate, seed }: DropoutOptions): Variable {
  if (!(rate >= 0 && rate < 1)) {
    throw new RangeError(`Cannot drop ${rate} of ${shown(x)}: expected a share in [0, 1)`);
  }
  for (const word of seed) {
    if (word >>> 0 !== word) {
      throw new RangeError(`Cannot seed dropout with ${word}: expected a whole number below 2^32`);
    }
  }
  const numbers = [x.size, rate, ...seed];
  const out = tape.output(x.shape, x.differentiable);
  tape.backend.run("dropout", [x.slot, out.slot], numbers);
  tape.record(out, (dout) => {
    tape.backend.run("dropout_backward", [dout, tape.gradient(x)], numbers);
  });
  return out;
}
