/**
 * EASE over everybody's items in one place: what the federated model is measured against.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import type { NamedTensors } from "../core/tensor.ts";
import type { TrainCore } from "../wasm/train.ts";
import { triangleLength } from "../wasm/train_linear.ts";
import type { EaseModel } from "./ease.ts";

/** Everybody's items, and the model to solve for. */
export interface EaseCentralOptions {
  /** Its settings; the cap counts here too. */
  readonly model: EaseModel;
  /** Items of each person, each once. */
  readonly people: readonly Uint32Array[];
}

/**
 * The model's tensors from `XᵀX` as it is added up in float64, without any client or sum of integers.
 *
 * @throws {TributaryError} `model-invalid` if it has no inverse.
 */
export function easeCentral(
  core: TrainCore,
  { model, people }: EaseCentralOptions,
): NamedTensors {
  const { items: dim, reg, cap } = model.options;
  const pairs = new Float64Array(triangleLength(dim));
  for (const items of people) {
    const weight = cap === null ? 1 : Math.min(1, cap / items.length);
    for (const i of items) {
      const row = triangleLength(i);
      for (const j of items) if (j <= i) pairs[row + j] = (pairs[row + j] ?? 0) + weight;
    }
  }
  const { memory } = core;
  const mark = memory.mark();
  try {
    const matrix = memory.alloc(4 * pairs.length);
    memory.f32(matrix).set(pairs);
    if (!core.invert({ matrix, dim, ridge: reg })) {
      throw new TributaryError(
        "model-invalid",
        `Cannot solve EASE for ${dim} items: the matrix is not positive definite`,
      );
    }
    const data = memory.f32(matrix).slice();
    return Object.fromEntries(model.tensors.map(({ name, shape }) => [name, { shape, data }]));
  } finally {
    memory.release(mark);
  }
}
