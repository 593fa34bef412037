/**
 * An update times a number.
 *
 * @module
 */
import type { NamedTensors } from "../core/tensor.ts";
import type { AggregateCore } from "../wasm/aggregate.ts";
import { eachBlock } from "./_blocks.ts";

/** New tensors of `x · factor`, `factor` and product in float32. */
export function scaleTensors(
  core: AggregateCore,
  tensors: NamedTensors,
  factor: number,
): NamedTensors {
  const scaled = Object.entries(tensors).map(([name, { shape, data }]) => {
    const product = new Float32Array(data.length);
    eachBlock(core, data.length, ({ from, to, input }) => {
      core.memory.f32(input).set(data.subarray(from, to));
      core.scale(input, factor);
      product.set(core.memory.f32(input), from);
    });
    return [name, { shape, data: product }] as const;
  });
  return Object.fromEntries(scaled);
}
