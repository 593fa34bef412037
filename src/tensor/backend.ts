/**
 * What a tape computes on: untyped buffers, and kernels that are run over them by name.
 *
 * A backend knows no operator and no gradient. Nothing here presumes that a result can be looked at
 * at once: a GPU answers later, so kernels return nothing, and reads are promises.
 *
 * @module
 */
import type { KernelName } from "./kernels.ts";

/** A buffer of a backend. Opaque: only the backend that gave it knows where it lies. */
export interface Slot {
  /** Length; every value takes 4 bytes. */
  readonly bytes: number;
}

/** What {@link Backend.write} takes. */
export type SlotValues = Float32Array | Uint32Array;

/** Buffers and kernels of one device. Calls take effect in the order in which they are made. */
export interface Backend {
  /**
   * Whether one of its tapes is in a step, which that tape says. Another would take memory that is
   * given back with the first one's.
   */
  isInStep: boolean;
  /**
   * Takes a slot from the arena. It holds whatever was left there.
   *
   * @param bytes A multiple of 4, 0 or more.
   * @throws {RangeError} If it is not, or memory is used up.
   */
  alloc(bytes: number): Slot;
  /**
   * A part of a slot, over the same memory.
   *
   * @param part Where it starts and how long it is; multiples of 4.
   * @throws {RangeError} If it does not lie within the slot.
   */
  slice(slot: Slot, part: { readonly offset: number; readonly bytes: number }): Slot;
  /** Where the arena stands now, for {@link Backend.release}. */
  mark(): number;
  /**
   * Gives back every slot taken since `mark`; they must not be used again.
   *
   * @throws {RangeError} If `mark` is no place in the arena as it stands.
   */
  release(mark: number): void;
  /**
   * Copies values into a slot.
   *
   * @throws {RangeError} If the slot does not hold exactly as many.
   */
  write(slot: Slot, values: SlotValues): void;
  /**
   * The float32 values that a slot holds now: what is run, written or released after this call does
   * not change the answer.
   */
  read(slot: Slot): Promise<Float32Array<ArrayBuffer>>;
  /**
   * Runs a kernel; `KERNELS` says what each takes.
   *
   * @param slots   Operands in the kernel's order, `null` for an optional one that is left out.
   *                What is written overlaps no other operand.
   * @param numbers Whole numbers (sizes and the like), then scalars.
   * @throws {RangeError} If operands and numbers do not fit each other, or an index is outside of
   * what it points into; nothing has been written then. A device that cannot see an index at once
   * says so at the latest when the next read is answered.
   */
  run(kernel: KernelName, slots: readonly (Slot | null)[], numbers: readonly number[]): void;
}
