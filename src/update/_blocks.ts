/**
 * Values through a core in blocks: its memory stays small, however large the update.
 *
 * @module
 */
import { isTributaryError, TributaryError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import type { AggregateCore } from "../wasm/aggregate.ts";
import type { Span } from "../wasm/core_memory.ts";

/** Values of a block; whole blocks of the rounding's keystream. */
const BLOCK_VALUES = 65_536;
const VALUE_BYTES = 4;

/** A part of a list of four-byte values. */
export interface Block {
  /** Index of the first value. */
  readonly from: number;
  /** Index after the last one. */
  readonly to: number;
  /** Core memory for the values as they go in. */
  readonly input: Span;
  /** Core memory for as many values as they come out. */
  readonly output: Span;
}

/** Visits `length` values block by block; a block's memory is free again after its visit. */
export function eachBlock(
  core: AggregateCore,
  length: number,
  visit: (block: Block) => void,
): void {
  const { memory } = core;
  const mark = memory.mark();
  try {
    for (let from = 0; from < length; from += BLOCK_VALUES) {
      const to = Math.min(from + BLOCK_VALUES, length);
      const bytes = (to - from) * VALUE_BYTES;
      visit({ from, to, input: memory.alloc(bytes), output: memory.alloc(bytes) });
      memory.release(mark);
    }
  } finally {
    memory.release(mark);
  }
}

/** Runs what a core does with one tensor; a refused value is then named by the tensor and place. */
export function naming<T>(name: string, { data }: Tensor, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    if (!isTributaryError(cause, "update-not-finite")) throw cause;
    const at = data.findIndex((value) => !Number.isFinite(value));
    throw new TributaryError(
      "update-not-finite",
      `Cannot send tensor "${name}": its value at index ${at} is ${
        data[at]
      }, expected a finite number`,
      { cause },
    );
  }
}
