/**
 * The model on the device, and what it recommends or predicts there.
 *
 * @module
 */
import type { NamedTensors } from "../core/tensor.ts";
import { topK } from "../metrics/order.ts";
import type { ModelUse } from "../models/on_device.ts";

/** An item and its score. */
export interface ScoredItem {
  /** Row number of the item. */
  readonly item: number;
  /** Only its order means something. */
  readonly score: number;
}

/** A model on the device. */
export interface LocalModel {
  /** How many steps it has seen. */
  readonly version: number;
  /** Its tensors. */
  readonly tensors: NamedTensors;
  /**
   * The `k` best items for this person, best first, without those of the examples.
   *
   * @throws {TypeError} If the device joined without a person's interactions.
   */
  recommend(options: { readonly k: number }): Promise<readonly ScoredItem[]>;
  /**
   * What the model says of new examples, row by row: the probability that the label is 1, those of
   * all classes side by side, or the value.
   *
   * @param features Rows of as many values as the model has features.
   * @throws {TypeError} If the device joined without a table.
   * @throws {RangeError} If there is no whole number of rows.
   */
  predict(features: Float32Array): Promise<Float32Array>;
}

/** A model as it came, for one device. */
export function localModel(
  model: Pick<LocalModel, "version" | "tensors">,
  use: ModelUse | undefined,
): LocalModel {
  return {
    ...model,
    async recommend({ k }) {
      if (use?.kind !== "recommend") {
        throw new TypeError(`Cannot recommend: ${joinedWith(use)}, not with interactions`);
      }
      const scores = await use.scorer(model.tensors);
      const best = topK(scores, { k, exclude: use.items });
      return Array.from(best, (item) => ({ item, score: scores[item] ?? NaN }));
    },
    async predict(features) {
      if (use?.kind !== "predict") {
        throw new TypeError(`Cannot predict: ${joinedWith(use)}, not with a table`);
      }
      return await use.predictor(model.tensors, features);
    },
  };
}

function joinedWith(use: ModelUse | undefined): string {
  if (use === undefined) return "the device joined with a trainer";
  const found = { recommend: "interactions", predict: "a table", read: "what a statistic counts" };
  return `the device joined with ${found[use.kind]}`;
}
