/**
 * Whether the words of a parcel are ones that clients can have sent, slice by slice as they arrive:
 * before a parcel shares a write with others, so that a bad one never fails its neighbours.
 *
 * Without masking each client's value is a grid point, from 0 to 2L, so that a parcel that stands for
 * n clients holds no word above n·2L: this bounds what a member can do to the sum to what its clients'
 * ranges allow. Masked words say nothing, but must be residues of the ring.
 *
 * @module
 */
import { TributaryError } from "../../src/core/errors.ts";
import type { ParcelRing } from "../../src/mask/ring.ts";
import { createAggregateCore } from "../../src/wasm/aggregate.ts";

/** Checks slices, in memory of its own. */
export interface ParcelCheck extends Disposable {
  /**
   * Checks one slice of a parcel that stands for `clients`.
   *
   * @throws {TributaryError} `update-out-of-range`, naming the word; `residue-out-of-range` for one that
   * is no residue.
   */
  check(slice: Uint8Array, clients: number): void;
}

/** What parcels are checked by. */
export interface ParcelCheckOptions {
  /** What they are added in. */
  readonly ring: ParcelRing;
  /** Largest word of one client's parcel; undefined where masking hides words. */
  readonly largest: number | undefined;
}

/** A check for a task's parcels. */
export function createParcelCheck(
  module: WebAssembly.Module,
  { ring, largest }: ParcelCheckOptions,
): ParcelCheck {
  const core = createAggregateCore(module);
  const { memory } = core;
  const scratch = memory.alloc(ring.sliceBytes);
  // Adding is the ring's own check. What comes of it is a sum of residues again, and never read.
  const acc = largest === undefined ? memory.alloc(ring.sliceBytes) : scratch;
  if (largest === undefined) memory.u8(acc).fill(0);
  return {
    check(slice, clients) {
      const span = { ptr: scratch.ptr, bytes: slice.length };
      memory.u8(span).set(slice);
      if (largest === undefined) {
        return ring.add(core, { ptr: acc.ptr, bytes: slice.length }, span);
      }
      const at = core.firstAboveU32(span, largest * clients);
      if (at < 0) return;
      throw new TributaryError(
        "update-out-of-range",
        `Cannot take an update for ${clients} clients: a word is ${
          memory.u32(span)[at]
        }, expected at most ${largest * clients}`,
      );
    },
    [Symbol.dispose]: () => core[Symbol.dispose](),
  };
}
