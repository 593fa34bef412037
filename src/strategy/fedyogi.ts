/**
 * Yogi at the root, over the clients' mean change (Reddi et al., ICLR 2021, algorithm 2).
 *
 * @module
 */
import * as v from "valibot";
import { fraction, positive, readOptions } from "../core/options.ts";
import { adaptiveServer } from "./adaptive.ts";
import type { StrategyPlan } from "./strategy.ts";
import { weightedSums } from "./weighted_sums.ts";

/** Options of federated Yogi as they stand in a task. */
export interface FedYogiOptions {
  /** Tells the strategies apart. */
  readonly kind: "fedyogi";
  /** The root's learning rate, η. */
  readonly lr: number;
  /** Share of the first moment that stays, in `[0, 1)`. */
  readonly beta1: number;
  /** How slowly the second moment moves, in `[0, 1)`. */
  readonly beta2: number;
  /** Added to the root of the second moment; the paper's τ. */
  readonly epsilon: number;
  /** Bound of each value of a client's weighted change. */
  readonly range: number;
}

const schema: v.GenericSchema<unknown, FedYogiOptions> = v.strictObject({
  kind: v.literal("fedyogi"),
  lr: positive("lr"),
  beta1: fraction("beta1"),
  beta2: fraction("beta2"),
  epsilon: positive("epsilon"),
  range: positive("range"),
});

/**
 * Options of federated Yogi.
 *
 * @param options `lr` (default 0.01), `beta1` (0.9), `beta2` (0.99), `epsilon` (0.001), `range` (1).
 */
export function fedYogi(options: Partial<Omit<FedYogiOptions, "kind">> = {}): FedYogiOptions {
  return {
    ...{ kind: "fedyogi", lr: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-3, range: 1 },
    ...options,
  };
}

/**
 * With the mean change Δ: `m = β₁m + (1−β₁)Δ`, `v −= (1−β₂)·Δ²·sign(v − Δ²)` and
 * `x += η · m/(√v + ε)`. Unlike Adam's, the second moment moves by no more than Δ² at a time. Equals
 * Flower's.
 */
export function fedYogiFrom(value: unknown): StrategyPlan {
  const options = readOptions(schema, value, "use strategy fedyogi");
  const { lr, beta2 } = options;
  return {
    options,
    contribution: "weights",
    sums: (model) => weightedSums(model, options),
    server: () =>
      adaptiveServer({
        ...options,
        rate: () => lr,
        second(old, change) {
          const square = change * change;
          return old - (1 - beta2) * square * Math.sign(old - square);
        },
      }),
  };
}
