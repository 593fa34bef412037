/**
 * Whether a parcel's words are ones that clients can have sent: each client's value is a grid point,
 * from 0 to 2L, so a parcel that stands for n clients holds no word above n·2L. Without masking this
 * bounds what a member can do to the sum to what its clients' ranges allow.
 *
 * @module
 */
import { TributaryError } from "../src/core/errors.ts";
import { gridLimit, type UpdatePlan } from "../src/update/plan.ts";
import { createAggregateCore } from "../src/wasm/aggregate.ts";

/** Checks slices, in memory of its own. */
export interface WordCheck extends Disposable {
  /**
   * Checks one slice of a parcel that stands for `clients`.
   *
   * @throws {TributaryError} `update-out-of-range`, naming the word.
   */
  check(slice: Uint8Array, clients: number): void;
}

/** A check for a task's parcels. */
export function createWordCheck(
  module: WebAssembly.Module,
  options: { readonly plan: UpdatePlan; readonly sliceBytes: number },
): WordCheck {
  const core = createAggregateCore(module);
  const scratch = core.memory.alloc(options.sliceBytes);
  const each = 2 * gridLimit(options.plan);
  return {
    check(slice, clients) {
      const span = { ptr: scratch.ptr, bytes: slice.length };
      core.memory.u8(span).set(slice);
      const at = core.firstAboveU32(span, each * clients);
      if (at < 0) return;
      throw new TributaryError(
        "update-out-of-range",
        `Cannot take an update for ${clients} clients: a word is ${
          core.memory.u32(span)[at]
        }, expected at most ${each * clients}`,
      );
    },
    [Symbol.dispose]: () => core[Symbol.dispose](),
  };
}
