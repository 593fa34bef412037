/**
 * Named tensors times a number.
 *
 * @module
 */
import type { NamedTensors } from "../core/tensor.ts";

/** New tensors of `x · factor`, each product rounded to float32 once. */
export function scaledBy(tensors: NamedTensors, factor: number): NamedTensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, data }]) => {
      const scaled = new Float32Array(data.length);
      for (let i = 0; i < data.length; i++) scaled[i] = (data[i] ?? 0) * factor;
      return [name, { shape, data: scaled }];
    }),
  );
}
