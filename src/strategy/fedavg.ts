/**
 * Sample-weighted averaging of the clients' changes (McMahan et al., AISTATS 2017, algorithm 1).
 *
 * @module
 */
import * as v from "valibot";
import { positive, readOptions } from "../core/options.ts";
import { averagingServer } from "./mean_change.ts";
import type { StrategyPlan } from "./strategy.ts";
import { weightedSums } from "./weighted_sums.ts";

/** Options of federated averaging as they stand in a task. */
export interface FedAvgOptions {
  /** Tells the strategies apart. */
  readonly kind: "fedavg";
  /** Share of the mean change that is taken; 1 puts the mean of the clients' weights in place. */
  readonly lr: number;
  /** Bound of each value of a client's weighted change. */
  readonly range: number;
}

const schema: v.GenericSchema<unknown, FedAvgOptions> = v.strictObject({
  kind: v.literal("fedavg"),
  lr: positive("lr"),
  range: positive("range"),
});

/**
 * Options of federated averaging.
 *
 * @param options `lr` (default 1) and `range` (default 1).
 *
 * @example The mean of the clients' weights
 * ```ts
 * import { fedAvg } from "./fedavg.ts";
 *
 * if (fedAvg().lr !== 1) throw new Error("not the mean");
 * ```
 */
export function fedAvg(options: Partial<Omit<FedAvgOptions, "kind">> = {}): FedAvgOptions {
  return { kind: "fedavg", lr: 1, range: 1, ...options };
}

/** `x + lr · Σ w·Δ / Σ w`, without state. */
export function fedAvgFrom(value: unknown): StrategyPlan {
  const options = readOptions(schema, value, "use strategy fedavg");
  const { lr, range } = options;
  return {
    options,
    contribution: "weights",
    sums: (model) => weightedSums(model, { range }),
    server: () => averagingServer(lr),
  };
}
