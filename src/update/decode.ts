/**
 * A sum of parcels back to named float32 tensors.
 *
 * @module
 */
import type { NamedTensors } from "../core/tensor.ts";
import { zeros } from "../core/tensor.ts";
import type { AggregateCore } from "../wasm/aggregate.ts";
import { eachBlock } from "./_blocks.ts";
import { bitsPerValue, updateBytes } from "./plan.ts";
import type { UpdatePlan } from "./plan.ts";

/** What is decoded. */
export interface DecodeOptions {
  /** Little-endian words: the sum, mod 2^32, of parcels of the plan. */
  readonly sum: Uint8Array;
  /** How many parcels are in it. */
  readonly clients: number;
}

/**
 * The sums `Σ x` of the tensors that clients encoded, each value within one grid step `range / L` a
 * client of the exact sum of the clamped values, and exact where all were 0 or ±range.
 *
 * @throws {RangeError} If the sum is not of the plan's length, or `clients` not in
 * `[1, maxClients]`.
 */
export function decodeSum(
  core: AggregateCore,
  plan: UpdatePlan,
  { sum, clients }: DecodeOptions,
): NamedTensors {
  if (sum.length !== updateBytes(plan)) {
    throw new RangeError(
      `Cannot decode a sum of ${sum.length} bytes: the plan's have ${updateBytes(plan)}`,
    );
  }
  if (!Number.isInteger(clients) || clients < 1 || clients > plan.maxClients) {
    throw new RangeError(
      `Cannot decode a sum of ${clients} updates: expected 1 to ${plan.maxClients}`,
    );
  }
  const bits = bitsPerValue(plan);
  const { memory } = core;
  let done = 0;
  const decoded = plan.tensors.map(({ name, shape, range }) => {
    const tensor = zeros(shape);
    eachBlock(core, tensor.data.length, ({ from, to, input, output }) => {
      memory.u8(input).set(sum.subarray(4 * (done + from), 4 * (done + to)));
      core.dequantise(input, output, { range, bits, count: clients });
      tensor.data.set(memory.f32(output), from);
    });
    done += tensor.data.length;
    return [name, tensor] as const;
  });
  return Object.fromEntries(decoded);
}
