/**
 * Recommendations for one person out of a data set.
 *
 * @module
 */
import type { NamedTensors } from "../core/tensor.ts";
import type { DeviceState } from "../core/trainer.ts";
import type { Interactions } from "../data/interactions.ts";
import { topK } from "../metrics/order.ts";
import type { RecommenderModel } from "../models/model.ts";
import type { TrainCore } from "../wasm/train.ts";
import { personIn } from "./person.ts";
import type { Recommended } from "./run_record.ts";

/** What recommends. */
export interface RecommendOptions {
  /** Everybody's ratings; only the person's own are used. */
  readonly data: Interactions;
  /** The model. */
  readonly model: RecommenderModel;
  /** Its tensors. */
  readonly tensors: NamedTensors;
  /** Kernels and their memory. */
  readonly core: TrainCore;
  /** What the person's device keeps. */
  readonly state: DeviceState;
  /** How many items. */
  readonly count: number;
}

/**
 * The best items for `person` that they have not rated, best first.
 *
 * @throws {TributaryError} `bad-data` if nobody has that id.
 */
export async function recommendFor(
  person: string,
  { data, model, tensors, core, state, count }: RecommendOptions,
): Promise<Recommended[]> {
  const { items = new Uint32Array() } = data.histories[personIn(data.people, person)] ?? {};
  const examples = { items };
  const scores = await model.scorer({ core, state, examples })(tensors);
  return Array.from(topK(scores, { k: count, exclude: items }), (item) => ({
    item: data.items[item] ?? String(item),
    title: data.titles[item] ?? String(item),
    score: scores[item] ?? NaN,
  }));
}
