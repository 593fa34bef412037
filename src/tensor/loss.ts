/**
 * From the loss of each example to the loss of a step.
 *
 * @module
 */
import type { Slot } from "./backend.ts";
import type { Tape } from "./tape.ts";
import type { Variable } from "./variable.ts";

/** What becomes of the losses of examples: their mean (the default), their sum, or each by itself. */
export type Reduction = "mean" | "sum" | "none";

/** An input of a loss, with the gradient by it of the sum of losses. */
export interface Slope {
  /** The input. */
  readonly input: Variable;
  /** As many values as the input, or `null` if no gradient flows to it. */
  readonly slope: Slot | null;
}

/** A slot for the slope by `input`, if gradients flow from `losses` to it. */
export function slopeOf(tape: Tape, losses: Variable, input: Variable): Slope {
  const wanted = losses.differentiable && input.differentiable;
  return { input, slope: wanted ? tape.scratch(input.size) : null };
}

/**
 * Reduces losses that a kernel has written, and leaves on the tape how gradients flow back.
 *
 * @param losses One value for each example.
 * @param slopes Written as well; each example has as many values of a slope as every other.
 */
export function reduceLosses(
  tape: Tape,
  losses: Variable,
  { slopes, reduction }: { readonly slopes: readonly Slope[]; readonly reduction: Reduction },
): Variable {
  const { backend } = tape;
  const each = reduction === "none";
  const out = each ? losses : tape.output([], losses.differentiable);
  if (!each) backend.run(reduction, [losses.slot, out.slot], [losses.size]);
  tape.record(out, (dout) => {
    // One factor for all examples, or one for each.
    let factors = dout;
    if (reduction === "mean") {
      factors = tape.scratch(1);
      backend.run("scale", [dout, factors], [1, 1 / losses.size]);
    }
    const rows = each ? losses.size : 1;
    for (const { input, slope } of slopes) {
      if (slope === null) continue;
      const numbers = [rows, rows === 0 ? 0 : input.size / rows];
      backend.run("add_scaled_rows", [slope, factors, tape.gradient(input)], numbers);
    }
  });
  return out;
}
