/**
 * Means, variances and counts of numbers that clients have, from one message of each.
 *
 * @module
 */
import * as v from "valibot";
import { finite, readOptions, whole } from "../core/options.ts";
import { zeros } from "../core/tensor.ts";
import type { NamedTensors } from "../core/tensor.ts";
import type { ValueExamples, ValuesModel } from "./model.ts";
import { fieldName, fieldsOf, valuesOf } from "./value_fields.ts";

/** A field, and the bounds that its values are kept within. */
export interface MeanField {
  /** What clients call it. */
  readonly name: string;
  /** Values below it count as it. */
  readonly low: number;
  /** Values above it count as it; above `low`. */
  readonly high: number;
}

/** Complete settings of a `mean` model. */
export interface MeanOptions {
  /** Tells the models apart. */
  readonly kind: "mean";
  /** What is measured. */
  readonly fields: readonly MeanField[];
  /**
   * Values that give a client full weight: one of `n` fewer weighs `n / cap`. With 1 all clients that
   * have a value weigh the same, however many they have.
   */
  readonly cap: number;
}

/** What {@link mean} takes. */
export interface MeanSettings {
  /** Bounds of each field, `[low, high]`, by name. */
  readonly fields: Readonly<Record<string, readonly [low: number, high: number]>>;
  /** Values that give a client full weight; default 1. */
  readonly cap?: number;
}

/** A `mean` model, with its settings. */
export interface MeanModel extends ValuesModel {
  /** Complete settings. */
  readonly options: MeanOptions;
}

/** Name of the one tensor: a row for each of {@link MEAN_ROWS}, in which each field has a value. */
export const MEAN_SUMS = "sums";

/** What is summed: weights, and weighted places, squares of places, and shares out of bounds. */
export const MEAN_ROWS = ["weight", "place", "square", "clipped"] as const;

const schema: v.GenericSchema<unknown, MeanOptions> = v.strictObject({
  kind: v.literal("mean"),
  fields: fieldsOf(v.pipe(
    v.strictObject({ name: fieldName, low: finite("low"), high: finite("high") }),
    v.check(({ low, high }) => low < high, "low must be below high"),
    v.check(({ low, high }) => Number.isFinite(high - low), "the bounds are too far apart"),
  )),
  cap: whole("cap", 1e6),
});

/**
 * Mean, variance and count of fields of numbers, over clients: `meansOf` (`./analytics`) reads them
 * out of the published tensors.
 *
 * A client sends for each field its weight `w = min(n, cap) / cap`, and `w` times the means of its
 * values, of their squares, and of how many lay out of bounds; values are kept within the bounds and
 * moved to `[−1, 1]`. One round is all it takes; each further one measures again.
 *
 * @throws {TributaryError} `task-refused` if a setting does not fit.
 *
 * @example Two fields in one message
 * ```ts
 * import { mean } from "./mean.ts";
 *
 * const model = mean({ fields: { age: [0, 120], hours: [0, 24] } });
 * if (model.tensors[0]?.shape.join() !== "4,2") throw new Error("four values a field");
 * ```
 */
export function mean({ fields, cap = 1 }: MeanSettings): MeanModel {
  const list = Object.entries(fields).map(([name, [low, high]]) => ({ name, low, high }));
  return meanFrom({ kind: "mean", fields: list, cap });
}

/**
 * A `mean` model out of the settings in a task.
 *
 * @throws {TributaryError} `task-refused` if a setting does not fit.
 */
export function meanFrom(settings: object): MeanModel {
  const options = readOptions(schema, { cap: 1, ...settings }, "make a mean model");
  const shape = [MEAN_ROWS.length, options.fields.length];
  return {
    options,
    takes: "values",
    tensors: [{ name: MEAN_SUMS, shape }],
    strategy: { kind: "totals" },
    metrics: [],
    norm: Math.sqrt(MEAN_ROWS.length * options.fields.length),
    initial: () => ({ [MEAN_SUMS]: zeros(shape) }),
    trainer: ({ examples }) => (_model, { signal }) => {
      signal.throwIfAborted();
      return Promise.resolve({ kind: "sums", sums: sumsOf(examples, options) });
    },
  };
}

function sumsOf(examples: ValueExamples, { fields, cap }: MeanOptions): NamedTensors {
  const rows = fields.map(({ name, low, high }) => {
    const values = valuesOf(examples, name);
    if (values.length === 0) return { weight: 0, place: 0, square: 0, clipped: 0 };
    const [middle, half] = [low / 2 + high / 2, (high - low) / 2];
    const places = values.map((value) => Math.max(-1, Math.min(1, (value - middle) / half)));
    const weight = Math.min(values.length, cap) / cap;
    const part = (of: readonly number[]): number =>
      weight * of.reduce((sum, value) => sum + value / of.length, 0);
    return {
      weight,
      place: part(places),
      square: part(places.map((place) => place * place)),
      clipped: part(values.map((value) => value < low || value > high ? 1 : 0)),
    };
  });
  const data = Float32Array.from(MEAN_ROWS.flatMap((name) => rows.map((row) => row[name])));
  return { [MEAN_SUMS]: { shape: [MEAN_ROWS.length, fields.length], data } };
}
