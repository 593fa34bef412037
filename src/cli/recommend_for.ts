/**
 * Recommendations for one person out of a data set.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import type { NamedTensors } from "../core/tensor.ts";
import type { DeviceState } from "../core/trainer.ts";
import type { Interactions } from "../data/interactions.ts";
import { topK } from "../metrics/order.ts";
import type { Model, PersonExamples } from "../models/model.ts";
import type { TrainCore } from "../wasm/train.ts";
import type { Recommended } from "./run_record.ts";

/** What recommends. */
export interface RecommendOptions {
  /** Everybody's ratings; only the person's own are used. */
  readonly data: Interactions;
  /** The model. */
  readonly model: Model<PersonExamples>;
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
  const history = data.histories[data.people.indexOf(person)];
  if (history === undefined) {
    const some = data.people.slice(0, 5).join(", ");
    throw new TributaryError(
      "bad-data",
      `Cannot recommend to person ${person}: expected one of ${data.people.length}, such as ${some}`,
    );
  }
  const examples = { items: history.items };
  const scores = await model.scorer({ core, state, examples })(tensors);
  return Array.from(topK(scores, { k: count, exclude: history.items }), (item) => ({
    item: data.items[item] ?? String(item),
    title: data.titles[item] ?? String(item),
    score: scores[item] ?? NaN,
  }));
}
