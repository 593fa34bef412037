/**
 * All strategies, by the name that they have in a task.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import type { TrainCore } from "../wasm/train.ts";
import { alsExact, alsExactFrom, type AlsExactOptions } from "./als_exact.ts";
import { alsNewton, alsNewtonFrom, type AlsNewtonOptions } from "./als_newton.ts";
import { easeFrom, easeStep, type EaseStepOptions } from "./ease.ts";
import { fedAdagrad, fedAdagradFrom, type FedAdagradOptions } from "./fedadagrad.ts";
import { fedAdam, fedAdamFrom, type FedAdamOptions } from "./fedadam.ts";
import { fedAvg, fedAvgFrom, type FedAvgOptions } from "./fedavg.ts";
import { fedAvgM, fedAvgMFrom, type FedAvgMOptions } from "./fedavgm.ts";
import { fedNova, fedNovaFrom, type FedNovaOptions } from "./fednova.ts";
import { fedProx, fedProxFrom, type FedProxOptions } from "./fedprox.ts";
import { fedYogi, fedYogiFrom, type FedYogiOptions } from "./fedyogi.ts";
import {
  heavyHittersFrom,
  heavyHittersStep,
  type HeavyHittersStepOptions,
} from "./heavy_hitters.ts";
import { qFedAvg, qFedAvgFrom, type QFedAvgOptions } from "./qfedavg.ts";
import { rowwise, rowwiseFrom, type RowwiseOptions } from "./rowwise.ts";
import { scaffold, scaffoldFrom, type ScaffoldOptions } from "./scaffold.ts";
import type { Strategy, StrategyPlan } from "./strategy.ts";
import { totals, totalsFrom, type TotalsOptions } from "./totals.ts";

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
  | EaseStepOptions
  | TotalsOptions
  | HeavyHittersStepOptions;

/** A strategy as the others know it. */
interface Kind {
  /** Options with the defaults in place of those that are missing. */
  readonly complete: (options: never) => StrategyOptions;
  /** The plan of complete options, which it checks. */
  readonly plan: (value: unknown) => StrategyPlan;
}

/** All that has to know of a new strategy. */
const KINDS: Readonly<Record<StrategyOptions["kind"], Kind>> = {
  "fedavg": { complete: fedAvg, plan: fedAvgFrom },
  "fedavgm": { complete: fedAvgM, plan: fedAvgMFrom },
  "fedadam": { complete: fedAdam, plan: fedAdamFrom },
  "fedyogi": { complete: fedYogi, plan: fedYogiFrom },
  "fedadagrad": { complete: fedAdagrad, plan: fedAdagradFrom },
  "fedprox": { complete: fedProx, plan: fedProxFrom },
  "scaffold": { complete: scaffold, plan: scaffoldFrom },
  "fednova": { complete: fedNova, plan: fedNovaFrom },
  "qfedavg": { complete: qFedAvg, plan: qFedAvgFrom },
  "rowwise": { complete: rowwise, plan: rowwiseFrom },
  "als-exact": { complete: alsExact, plan: alsExactFrom },
  "als-newton": { complete: alsNewton, plan: alsNewtonFrom },
  "ease": { complete: easeStep, plan: easeFrom },
  "totals": { complete: totals, plan: totalsFrom },
  "heavy-hitters": { complete: heavyHittersStep, plan: heavyHittersFrom },
};

/**
 * The plan of the strategy that a task names.
 *
 * @param value Options as they stand in the task: all of them.
 * @throws {TributaryError} `task-refused`, with the strategies there are or the first option that
 * does not fit.
 */
export function strategyPlan(value: unknown): StrategyPlan {
  return kindOf(value).plan(value);
}

/**
 * Options of a strategy with the defaults in place of those that are missing; what is there is not
 * checked.
 *
 * @param value Options as a person wrote them.
 * @throws {TributaryError} `task-refused`, with the strategies there are.
 */
export function completeStrategy(value: unknown): StrategyOptions {
  return kindOf(value).complete(value as never);
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

function kindOf(value: unknown): Kind {
  const name = typeof value === "object" && value !== null && "kind" in value
    ? value.kind
    : undefined;
  if (isKind(name)) return KINDS[name];
  throw new TributaryError(
    "task-refused",
    `Cannot use strategy ${JSON.stringify(name)}: expected one of ${Object.keys(KINDS).join(", ")}`,
  );
}

function isKind(name: unknown): name is StrategyOptions["kind"] {
  return typeof name === "string" && Object.hasOwn(KINDS, name);
}
