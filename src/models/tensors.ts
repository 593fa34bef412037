/**
 * A model that is nothing but named tensors, for training code of the clients' own.
 *
 * @module
 */
import * as v from "valibot";
import { notNegative, readOptions } from "../core/options.ts";
import { seededRng } from "../core/random.ts";
import { zeros } from "../core/tensor.ts";
import type { Tensor, TensorSpec } from "../core/tensor.ts";
import type { Model } from "./model.ts";

/** Complete settings of a `tensors` model. */
export interface TensorsOptions {
  /** Tells the models apart. */
  readonly kind: "tensors";
  /** What is learned together. */
  readonly tensors: readonly TensorSpec[];
  /** Names of what the clients' trainers measure, each within `[0, 1]`. */
  readonly metrics: readonly string[];
  /** Standard deviation of the first values; 0 for zeros. */
  readonly initialSd: number;
}

/** The server step for changes of weights, unless the task names another. */
const STRATEGY = { kind: "fedavg", lr: 1, range: 1 } as const;

/** What {@link tensors} takes. */
export interface TensorsSettings {
  /** Shape of each tensor, by name, in the order in which they travel. */
  readonly tensors: Readonly<Record<string, readonly number[]>>;
  /** Names of what the clients' trainers measure, each within `[0, 1]`; default none. */
  readonly metrics?: readonly string[];
  /** Standard deviation of the first values; default 0, all zeros. */
  readonly initialSd?: number;
}

const schema: v.GenericSchema<unknown, TensorsOptions> = v.strictObject({
  kind: v.literal("tensors"),
  tensors: v.pipe(
    v.array(v.strictObject({
      name: v.pipe(v.string(), v.nonEmpty("a tensor's name must not be empty")),
      shape: v.array(v.pipe(
        v.number("an extent must be a number"),
        v.integer("an extent must be a whole number"),
        v.minValue(1, "an extent must be at least 1"),
      )),
    })),
    v.nonEmpty("there must be a tensor"),
  ),
  metrics: v.array(v.string("a metric's name must be a text")),
  initialSd: notNegative("initialSd"),
});

/** A `tensors` model, with its settings. */
export interface TensorsModel extends Model<never> {
  /** Complete settings. */
  readonly options: TensorsOptions;
  /** Nothing that it knows of: clients train it by code of their own. */
  readonly takes: "nothing";
}

/**
 * Named tensors for clients that join with a trainer of their own.
 *
 * @throws {TributaryError} `task-refused` if a shape or setting does not fit.
 *
 * @example A logistic regression over three features
 * ```ts
 * import { tensors } from "./tensors.ts";
 *
 * const model = tensors({ tensors: { slopes: [3], intercept: [1] } });
 * if (model.initial(new Uint8Array(32)).slopes?.data.length !== 3) throw new Error("unexpected");
 * ```
 */
export function tensors(settings: TensorsSettings): TensorsModel {
  const { metrics = [], initialSd = 0 } = settings;
  const specs = Object.entries(settings.tensors).map(([name, shape]) => ({ name, shape }));
  return tensorsFrom({ kind: "tensors", tensors: specs, metrics, initialSd });
}

/**
 * A `tensors` model out of the settings in a task.
 *
 * @throws {TributaryError} `task-refused` if a shape or setting does not fit.
 */
export function tensorsFrom(settings: unknown): TensorsModel {
  const options = readOptions(schema, settings, "make a tensors model");
  return {
    options,
    takes: "nothing",
    tensors: options.tensors,
    strategy: STRATEGY,
    // Who trains it is not known yet; a trainer that does less is refused when it does.
    duties: ["correction", "steps", "rate", "loss"],
    metrics: options.metrics,
    initial(seed) {
      const rng = seededRng(seed);
      const entries = options.tensors.map(({ name, shape }): [string, Tensor] => {
        const tensor = zeros(shape);
        if (options.initialSd > 0) {
          tensor.data.forEach((_, i) => tensor.data[i] = options.initialSd * rng.normal());
        }
        return [name, tensor];
      });
      return Object.fromEntries(entries);
    },
    trainer() {
      throw new TypeError("Cannot train a tensors model: expected a trainer of the client's own");
    },
  };
}
