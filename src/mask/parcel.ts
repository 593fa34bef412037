/**
 * What every scheme is told of the parcels, and checks of them.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import type { AggregateCore } from "../wasm/aggregate.ts";

/** The parcels of a task before they are masked. */
export interface ParcelPlan {
  /** Values in a parcel. */
  readonly values: number;
  /** Bits that the sum of one value may take. */
  readonly slotBits: number;
  /** Most clients in one sum. */
  readonly maxClients: number;
  /** Largest value: `2L` of the quantiser's grid. */
  readonly largest: number;
}

/** Values that are looked at in one piece: the core's memory stays small. */
const BLOCK_BYTES = 1 << 18;

/**
 * Checks that sums of these parcels fit.
 *
 * @throws {TributaryError} `task-refused` with the numbers if not.
 */
export function checkParcelPlan({ values, slotBits, maxClients, largest }: ParcelPlan): void {
  const whole = [values, slotBits, maxClients, largest].every((it) =>
    Number.isSafeInteger(it) && it >= 1
  );
  if (!whole || slotBits > 32) {
    throw new TributaryError(
      "task-refused",
      `Cannot mask ${values} values up to ${largest} of ${maxClients} clients in ${slotBits}-bit slots: expected whole numbers, 1 or more`,
    );
  }
  if (maxClients * largest >= 2 ** slotBits) {
    throw new TributaryError(
      "task-refused",
      `Cannot fit values up to ${largest} of ${maxClients} clients in ${slotBits}-bit slots: their sum reaches ${
        maxClients * largest
      }, at most ${2 ** slotBits - 1} fits`,
    );
  }
}

/** Checks a client's values before they are masked. */
export function checkParcel(core: AggregateCore, plan: ParcelPlan, parcel: Uint8Array): void {
  if (parcel.length !== 4 * plan.values) {
    throw new TributaryError(
      "update-misshapen",
      `Cannot mask a parcel of ${parcel.length} bytes: expected ${4 * plan.values}`,
    );
  }
  const { memory } = core;
  const mark = memory.mark();
  try {
    const block = memory.alloc(Math.min(BLOCK_BYTES, parcel.length));
    for (let from = 0; from < parcel.length; from += BLOCK_BYTES) {
      const part = parcel.subarray(from, from + BLOCK_BYTES);
      const span = { ptr: block.ptr, bytes: part.length };
      memory.u8(span).set(part);
      const at = core.firstAboveU32(span, plan.largest);
      if (at >= 0) {
        throw new TributaryError(
          "update-out-of-range",
          `Cannot mask value ${from / 4 + at}: it is above ${plan.largest}, the grid's last point`,
        );
      }
    }
    memory.u8(block).fill(0);
  } finally {
    memory.release(mark);
  }
}

/** Checks the length of a sum and how many parcels it is said to hold. */
export function checkSum(
  { maxClients }: ParcelPlan,
  { sum, clients, bytes }: {
    readonly sum: Uint8Array;
    readonly clients: number;
    readonly bytes: number;
  },
): void {
  if (sum.length !== bytes) {
    throw new TributaryError(
      "length-mismatch",
      `Cannot open a sum of ${sum.length} bytes: expected ${bytes}`,
    );
  }
  if (!Number.isInteger(clients) || clients < 1 || clients > maxClients) {
    throw new RangeError(`Cannot open a sum of ${clients} parcels: expected 1 to ${maxClients}`);
  }
}
