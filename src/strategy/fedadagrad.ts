/**
 * Adagrad at the root, over the clients' mean change (Reddi et al., ICLR 2021, algorithm 2).
 *
 * @module
 */
import * as v from "valibot";
import { fraction, positive, readOptions } from "../core/options.ts";
import { adaptiveServer } from "./adaptive.ts";
import type { StrategyPlan } from "./strategy.ts";
import { weightedSums } from "./weighted_sums.ts";

/** Options of federated Adagrad as they stand in a task. */
export interface FedAdagradOptions {
  /** Tells the strategies apart. */
  readonly kind: "fedadagrad";
  /** The root's learning rate, η. */
  readonly lr: number;
  /** Share of the first moment that stays, in `[0, 1)`. */
  readonly beta1: number;
  /** Added to the root of the second moment; the paper's τ. */
  readonly epsilon: number;
  /** Bound of each value of a client's weighted change. */
  readonly range: number;
}

const schema: v.GenericSchema<unknown, FedAdagradOptions> = v.strictObject({
  kind: v.literal("fedadagrad"),
  lr: positive("lr"),
  beta1: fraction("beta1"),
  epsilon: positive("epsilon"),
  range: positive("range"),
});

/**
 * Options of federated Adagrad.
 *
 * @param options `lr` (default 0.1), `beta1` (0), `epsilon` (0.001), `range` (1).
 */
export function fedAdagrad(
  options: Partial<Omit<FedAdagradOptions, "kind">> = {},
): FedAdagradOptions {
  return { kind: "fedadagrad", lr: 0.1, beta1: 0, epsilon: 1e-3, range: 1, ...options };
}

/**
 * With the mean change Δ: `m = β₁m + (1−β₁)Δ`, `v += Δ²` and `x += η · m/(√v + ε)`. At `beta1` 0
 * equals Flower's.
 */
export function fedAdagradFrom(value: unknown): StrategyPlan {
  const options = readOptions(schema, value, "use strategy fedadagrad");
  return {
    options,
    contribution: "weights",
    sums: (model) => weightedSums(model, options),
    server: () =>
      adaptiveServer({
        ...options,
        rate: () => options.lr,
        second: (old, change) => old + change * change,
      }),
  };
}
