/**
 * Where kernels that write several gradients at once put them.
 *
 * @module
 */
import type { Slot } from "./backend.ts";
import type { Tape } from "./tape.ts";
import type { Node, Variable } from "./variable.ts";

/**
 * Lets a kernel add to the gradients of `inputs`. Each gets memory of its own, also an input that is
 * given twice or is a view of another; one that no gradient flows to gets `null`.
 */
export function addGradients(
  tape: Tape,
  inputs: readonly (Variable | undefined)[],
  kernel: (gradients: readonly (Slot | null)[]) => void,
): void {
  const owners = inputs.map((input) => input && (input as Node).owner);
  const again: { readonly from: Slot; readonly to: Variable }[] = [];
  const gradients = inputs.map((input, at) => {
    if (input?.differentiable !== true) return null;
    if (owners.indexOf(owners[at]) === at) return tape.gradient(input);
    const from = tape.filled(input.size, 0);
    again.push({ from, to: input });
    return from;
  });
  kernel(gradients);
  for (const { from, to } of again) {
    tape.backend.run("add_scaled", [from, tape.gradient(to)], [to.size, 1]);
  }
}

/** As {@link addGradients}, for kernels that write every gradient: what nobody wants is dropped. */
export function addAllGradients(
  tape: Tape,
  inputs: readonly Variable[],
  kernel: (gradients: readonly Slot[]) => void,
): void {
  addGradients(tape, inputs, (gradients) => {
    kernel(inputs.map(({ size }, at) => gradients[at] ?? tape.scratch(size)));
  });
}
