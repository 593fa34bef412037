/**
 * The model on the device, and what it recommends there.
 *
 * @module
 */
import type { NamedTensors } from "../core/tensor.ts";
import { topK } from "../metrics/order.ts";
import type { PersonExamples, Scorer } from "../models/model.ts";

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
   * @throws {TypeError} If the device joined with a trainer of its own, not with examples.
   */
  recommend(options: { readonly k: number }): Promise<readonly ScoredItem[]>;
}

/** What recommends on a device that joined with examples. */
export interface Recommender {
  /** Scores every item. */
  readonly scorer: Scorer;
  /** What the person has already. */
  readonly examples: PersonExamples;
}

/** A model as it came, for one person. */
export function localModel(
  model: Pick<LocalModel, "version" | "tensors">,
  recommender: Recommender | undefined,
): LocalModel {
  return {
    ...model,
    async recommend({ k }) {
      if (recommender === undefined) {
        throw new TypeError(
          "Cannot recommend: the device joined with a trainer, not with examples",
        );
      }
      const { scorer, examples } = recommender;
      const scores = await scorer(model.tensors);
      const best = topK(scores, { k, exclude: examples.items });
      return Array.from(best, (item) => ({ item, score: scores[item] ?? NaN }));
    },
  };
}
