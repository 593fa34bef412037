/**
 * All strategies, by the name that they have in a task.
 *
 * @module
 */
import type * as v from "valibot";
import { TributaryError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import type { TensorSpec } from "../core/tensor.ts";
import type { TrainCore } from "../wasm/train.ts";
import { alsExactSchema, alsExactStrategy, alsExactSums } from "./als_exact.ts";
import type { AlsExactOptions } from "./als_exact.ts";
import { alsNewtonSchema, alsNewtonStrategy, alsNewtonSums } from "./als_newton.ts";
import type { AlsNewtonOptions } from "./als_newton.ts";
import { fedAdamSchema, fedAdamStrategy } from "./fedadam.ts";
import type { FedAdamOptions } from "./fedadam.ts";
import { fedAvgSchema, fedAvgStrategy } from "./fedavg.ts";
import type { FedAvgOptions } from "./fedavg.ts";
import { rowwiseSchema, rowwiseStrategy, rowwiseSums } from "./rowwise.ts";
import type { RowwiseOptions } from "./rowwise.ts";
import type { Strategy, SumSpec } from "./strategy.ts";
import { weightedSums } from "./weighted_sums.ts";

/** Options of any strategy. */
export type StrategyOptions =
  | FedAvgOptions
  | FedAdamOptions
  | RowwiseOptions
  | AlsExactOptions
  | AlsNewtonOptions;

const SCHEMAS: {
  readonly [Kind in StrategyOptions["kind"]]: v.GenericSchema<unknown, StrategyOptions>;
} = {
  "fedavg": fedAvgSchema,
  "fedadam": fedAdamSchema,
  "rowwise": rowwiseSchema,
  "als-exact": alsExactSchema,
  "als-newton": alsNewtonSchema,
};

/**
 * Options of a strategy out of unknown data.
 *
 * @throws {TributaryError} `task-refused`, with the strategies there are or the first option that
 * does not fit.
 */
export function strategyOptions(value: unknown): StrategyOptions {
  const kind = kindOf(value);
  const schema = isKind(kind) ? SCHEMAS[kind] : undefined;
  if (schema === undefined) {
    throw new TributaryError(
      "task-refused",
      `Cannot use strategy ${JSON.stringify(kind)}: expected one of ${
        Object.keys(SCHEMAS).join(", ")
      }`,
    );
  }
  return readOptions(schema, value, `use strategy ${kind}`);
}

/**
 * What clients have to send for a strategy, in the order of the update.
 *
 * @throws {TributaryError} `task-refused` if the strategy cannot step a model of these tensors.
 */
export function strategySums(
  options: StrategyOptions,
  model: readonly TensorSpec[],
): readonly SumSpec[] {
  switch (options.kind) {
    case "fedavg":
    case "fedadam":
      return weightedSums(model, options);
    case "rowwise":
      return rowwiseSums(options, model);
    case "als-exact":
      return alsExactSums(options, model);
    case "als-newton":
      return alsNewtonSums(options, model);
    default:
      return options satisfies never;
  }
}

/**
 * The strategy that a task names.
 *
 * @param value Options as they stand in the task.
 * @param core  What the ALS steps compute with.
 * @throws {TributaryError} `task-refused`, with the strategies there are or the first option that
 * does not fit.
 */
export function strategyFrom(value: unknown, core: TrainCore): Strategy {
  const options = strategyOptions(value);
  switch (options.kind) {
    case "fedavg":
      return fedAvgStrategy(options);
    case "fedadam":
      return fedAdamStrategy(options);
    case "rowwise":
      return rowwiseStrategy(options);
    case "als-exact":
      return alsExactStrategy(options, core);
    case "als-newton":
      return alsNewtonStrategy(options, core);
    default:
      return options satisfies never;
  }
}

function kindOf(value: unknown): unknown {
  return typeof value === "object" && value !== null && "kind" in value ? value.kind : undefined;
}

function isKind(kind: unknown): kind is StrategyOptions["kind"] {
  return typeof kind === "string" && Object.hasOwn(SCHEMAS, kind);
}
