/**
 * What every backend checks before it runs a kernel.
 *
 * @module
 */
import type { Slot } from "./backend.ts";
import type { KernelSpec } from "./kernel_spec.ts";
import { type KernelName, KERNELS } from "./kernels.ts";

/** Bytes of a value. */
export const VALUE_BYTES = 4;

/**
 * Holds operands and numbers against what a kernel takes.
 *
 * @throws {RangeError} If they do not fit.
 */
export function checkCall(
  kernel: KernelName,
  slots: readonly (Slot | null)[],
  numbers: readonly number[],
): void {
  const spec = KERNELS[kernel];
  const { operands, whole } = spec;
  if (slots.length !== operands.length) {
    throw new RangeError(
      `Cannot run ${kernel} on ${slots.length} operands: expected ${names(operands)}`,
    );
  }
  if (numbers.length !== spec.numbers.length) {
    throw new RangeError(
      `Cannot run ${kernel} with ${numbers.length} numbers: expected ${spec.numbers.join(", ")}`,
    );
  }
  for (let at = 0; at < whole; at++) {
    const number = numbers[at];
    if (number === undefined || number >>> 0 !== number) {
      throw new RangeError(
        `Cannot run ${kernel} with ${
          spec.numbers[at]
        } ${number}: expected a whole number below 2^32`,
      );
    }
  }
  for (let at = 0; at < slots.length; at++) {
    const slot = slots[at];
    const operand = operands[at];
    if (operand === undefined) continue;
    if (slot === null || slot === undefined) {
      if (operand.optional) continue;
      throw new RangeError(`Cannot run ${kernel} without ${operand.name}`);
    }
    const values = operand.values(numbers);
    if (slot.bytes !== values * VALUE_BYTES) {
      throw new RangeError(
        `Cannot run ${kernel} on ${operand.name} of ${
          slot.bytes / VALUE_BYTES
        } values: expected ${values}`,
      );
    }
  }
}

function names(operands: KernelSpec["operands"]): string {
  return operands.map(({ name, optional }) => optional ? `${name}?` : name).join(", ");
}

/**
 * What to throw where a kernel met an index that is outside.
 *
 * @param index The first one, at `position`.
 */
export function indexOutside(
  kernel: KernelName,
  { position, index, bound }: {
    readonly position: number;
    readonly index: number | undefined;
    readonly bound: number | undefined;
  },
): RangeError {
  return new RangeError(
    `Cannot ${kernel} index ${index} at position ${position}: expected one below ${bound}`,
  );
}
