/**
 * All strategies, by the name that they have in a task.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import type { TrainCore } from "../wasm/train.ts";
import { alsExactFrom, type AlsExactOptions } from "./als_exact.ts";
import { alsNewtonFrom, type AlsNewtonOptions } from "./als_newton.ts";
import { easeFrom, type EaseStepOptions } from "./ease.ts";
import { fedAdagradFrom, type FedAdagradOptions } from "./fedadagrad.ts";
import { fedAdamFrom, type FedAdamOptions } from "./fedadam.ts";
import { fedAvgFrom, type FedAvgOptions } from "./fedavg.ts";
import { fedAvgMFrom, type FedAvgMOptions } from "./fedavgm.ts";
import { fedNovaFrom, type FedNovaOptions } from "./fednova.ts";
import { fedProxFrom, type FedProxOptions } from "./fedprox.ts";
import { fedYogiFrom, type FedYogiOptions } from "./fedyogi.ts";
import { qFedAvgFrom, type QFedAvgOptions } from "./qfedavg.ts";
import { rowwiseFrom, type RowwiseOptions } from "./rowwise.ts";
import { scaffoldFrom, type ScaffoldOptions } from "./scaffold.ts";
import type { Strategy, StrategyPlan } from "./strategy.ts";

/** Options of any strategy. */
export type StrategyOptions =
  | FedAvgOptions
  | FedAvgMOptions
  | FedAdamOptions
  | FedYogiOptions
  | FedAdagradOptions
  | FedProxOptions
  | ScaffoldOptions
  | FedNovaOptions
  | QFedAvgOptions
  | RowwiseOptions
  | AlsExactOptions
  | AlsNewtonOptions
  | EaseStepOptions;

/** For each kind, the plan of its options; all that has to know of a new strategy. */
const KINDS: Readonly<Record<StrategyOptions["kind"], (value: unknown) => StrategyPlan>> = {
  "fedavg": fedAvgFrom,
  "fedavgm": fedAvgMFrom,
  "fedadam": fedAdamFrom,
  "fedyogi": fedYogiFrom,
  "fedadagrad": fedAdagradFrom,
  "fedprox": fedProxFrom,
  "scaffold": scaffoldFrom,
  "fednova": fedNovaFrom,
  "qfedavg": qFedAvgFrom,
  "rowwise": rowwiseFrom,
  "als-exact": alsExactFrom,
  "als-newton": alsNewtonFrom,
  "ease": easeFrom,
};

/**
 * The plan of the strategy that a task names.
 *
 * @param value Options as they stand in the task.
 * @throws {TributaryError} `task-refused`, with the strategies there are or the first option that
 * does not fit.
 */
export function strategyPlan(value: unknown): StrategyPlan {
  const kind = kindOf(value);
  if (!isKind(kind)) {
    throw new TributaryError(
      "task-refused",
      `Cannot use strategy ${JSON.stringify(kind)}: expected one of ${
        Object.keys(KINDS).join(", ")
      }`,
    );
  }
  return KINDS[kind](value);
}

/**
 * What a root steps by, for the strategy that a task names.
 *
 * @param value Options as they stand in the task.
 * @param core  What the ALS steps compute with.
 * @throws {TributaryError} `task-refused`, with the strategies there are or the first option that
 * does not fit.
 */
export function strategyFrom(value: unknown, core: TrainCore): Strategy {
  const { options, sums, server } = strategyPlan(value);
  return { kind: options.kind, sums, ...server(core) };
}

function kindOf(value: unknown): unknown {
  return typeof value === "object" && value !== null && "kind" in value ? value.kind : undefined;
}

function isKind(kind: unknown): kind is StrategyOptions["kind"] {
  return typeof kind === "string" && Object.hasOwn(KINDS, kind);
}
