/**
 * Averaging of clients that are held near the global model (FedProx: Li et al., MLSys 2020,
 * algorithm 2).
 *
 * @module
 */
import * as v from "valibot";
import { notNegative, positive, readOptions } from "../core/options.ts";
import { averagingServer } from "./mean_change.ts";
import type { StrategyPlan } from "./strategy.ts";
import { weightedSums } from "./weighted_sums.ts";

/** Options of FedProx as they stand in a task. */
export interface FedProxOptions {
  /** Tells the strategies apart. */
  readonly kind: "fedprox";
  /** Strength μ of the pull to the received model; 0 is federated averaging. */
  readonly mu: number;
  /** Share of the mean change that is taken. */
  readonly lr: number;
  /** Bound of each value of a client's weighted change. */
  readonly range: number;
}

const schema: v.GenericSchema<unknown, FedProxOptions> = v.strictObject({
  kind: v.literal("fedprox"),
  mu: notNegative("mu"),
  lr: positive("lr"),
  range: positive("range"),
});

/**
 * Options of FedProx.
 *
 * @param options `mu` (default 0.1), `lr` (default 1) and `range` (default 1).
 */
export function fedProx(options: Partial<Omit<FedProxOptions, "kind">> = {}): FedProxOptions {
  return { kind: "fedprox", mu: 0.1, lr: 1, range: 1, ...options };
}

/**
 * Clients minimise their own loss plus `μ/2 · ‖w − model‖²`, whose gradient is the correction
 * `μ·(w − model)`; the root averages, without state.
 */
export function fedProxFrom(value: unknown): StrategyPlan {
  const options = readOptions(schema, value, "use strategy fedprox");
  const { mu, lr, range } = options;
  return {
    options,
    contribution: "weights",
    sums: (model) => weightedSums(model, { range }),
    client: {
      needs: ["correction"],
      begin: () => Promise.resolve({ correction: { proximal: mu } }),
    },
    server: () => averagingServer(lr),
  };
}
