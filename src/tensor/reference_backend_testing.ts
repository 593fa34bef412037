/**
 * A backend of plain loops in float64: what others are held against, and what gradients are checked
 * with, as differences of float32 values tell little.
 *
 * @module
 */
import type { Backend, Slot } from "./backend.ts";
import { checkCall, indexOutside, VALUE_BYTES } from "./check_call.ts";
import { type KernelName, KERNELS } from "./kernels.ts";
import { OPTIMISERS, SEQUENCES } from "./reference_attention_testing.ts";
import { ELEMENTWISE } from "./reference_elementwise_testing.ts";
import { MATRICES } from "./reference_matrix_testing.ts";
import { LOSSES, ROWS } from "./reference_rows_testing.ts";

/** Values of an operand: float32 values or whole numbers, each as a float64. */
export type Values = Float64Array;

/**
 * A kernel over its operands and numbers. One that takes indices returns how many it took, or the
 * position of the first one outside.
 */
export type ReferenceKernel = (
  operands: readonly (Values | null)[],
  numbers: readonly number[],
) => number | void;

const REFERENCE: Readonly<Record<KernelName, ReferenceKernel>> = {
  ...ELEMENTWISE,
  ...MATRICES,
  ...ROWS,
  ...LOSSES,
  ...SEQUENCES,
  ...OPTIMISERS,
};

class ReferenceSlot implements Slot {
  constructor(readonly owner: object, readonly values: Values, readonly end: number) {}

  get bytes(): number {
    return this.values.length * VALUE_BYTES;
  }
}

/** The reference backend. */
export interface ReferenceBackend extends Backend {
  /** The float64 values of a slot. */
  values(slot: Slot): Values;
}

/**
 * Starts a reference backend. Fresh slots are full of NaN, so that whoever reads what was not written
 * is found out.
 */
export function createReferenceBackend(): ReferenceBackend {
  const owner = {};
  let top = 0;

  function values(slot: Slot): Values {
    if (!(slot instanceof ReferenceSlot && slot.owner === owner)) {
      throw new TypeError("Cannot use a slot of another backend");
    }
    if (slot.end > top) throw new RangeError("Cannot use a slot that was released");
    return slot.values;
  }

  return {
    alloc(bytes) {
      if (!Number.isSafeInteger(bytes / VALUE_BYTES) || bytes < 0) {
        throw new RangeError(`Cannot allocate ${bytes} bytes: expected a multiple of 4, 0 or more`);
      }
      top += bytes;
      return new ReferenceSlot(owner, new Float64Array(bytes / VALUE_BYTES).fill(NaN), top);
    },
    slice(slot, { offset, bytes }) {
      const whole = values(slot);
      if (
        offset < 0 || bytes < 0 || offset % 4 !== 0 || bytes % 4 !== 0 ||
        offset + bytes > slot.bytes
      ) {
        throw new RangeError(
          `Cannot slice ${bytes} bytes at ${offset}: the slot holds ${slot.bytes}`,
        );
      }
      const part = whole.subarray(offset / VALUE_BYTES, (offset + bytes) / VALUE_BYTES);
      return new ReferenceSlot(owner, part, (slot as ReferenceSlot).end);
    },
    isInStep: false,
    mark: () => top,
    release(mark) {
      if (!(mark >= 0 && mark <= top)) {
        throw new RangeError(`Cannot release to ${mark}: expected a mark between 0 and ${top}`);
      }
      top = mark;
    },
    write(slot, from) {
      const to = values(slot);
      if (from.length !== to.length) {
        throw new RangeError(`Cannot write ${from.length} values: the slot holds ${to.length}`);
      }
      to.set(from);
    },
    read: (slot) => Promise.resolve(Float32Array.from(values(slot))),
    run(kernel, slots, numbers) {
      checkCall(kernel, slots, numbers);
      const { lookup } = KERNELS[kernel];
      const found = slots.map((slot) => slot === null ? null : values(slot));
      const took = REFERENCE[kernel](found, numbers);
      if (lookup !== undefined && took !== numbers[lookup.count]) {
        const position = Number(took);
        const index = found[lookup.indices]?.[position];
        throw indexOutside(kernel, { position, index, bound: numbers[lookup.bound] });
      }
    },
    values,
  };
}
