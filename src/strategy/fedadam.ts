/**
 * Adam at the root, over the clients' mean change (Reddi et al., ICLR 2021, algorithm 2).
 *
 * @module
 */
import * as v from "valibot";
import { fraction, positive, readOptions } from "../core/options.ts";
import { adaptiveServer } from "./adaptive.ts";
import type { StrategyPlan } from "./strategy.ts";
import { weightedSums } from "./weighted_sums.ts";

/** Options of federated Adam as they stand in a task. */
export interface FedAdamOptions {
  /** Tells the strategies apart. */
  readonly kind: "fedadam";
  /** The root's learning rate, η. */
  readonly lr: number;
  /** Share of the first moment that stays, in `[0, 1)`. */
  readonly beta1: number;
  /** Share of the second moment that stays, in `[0, 1)`. */
  readonly beta2: number;
  /** Added to the root of the second moment; the paper's τ. */
  readonly epsilon: number;
  /** Bound of each value of a client's weighted change. */
  readonly range: number;
}

const schema: v.GenericSchema<unknown, FedAdamOptions> = v.strictObject({
  kind: v.literal("fedadam"),
  lr: positive("lr"),
  beta1: fraction("beta1"),
  beta2: fraction("beta2"),
  epsilon: positive("epsilon"),
  range: positive("range"),
});

/**
 * Options of federated Adam.
 *
 * @param options `lr` (default 0.1), `beta1` (0.9), `beta2` (0.99), `epsilon` (0.001), `range` (1).
 */
export function fedAdam(options: Partial<Omit<FedAdamOptions, "kind">> = {}): FedAdamOptions {
  return { kind: "fedadam", lr: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-3, range: 1, ...options };
}

/**
 * With the mean change Δ: `m = β₁m + (1−β₁)Δ`, `v = β₂v + (1−β₂)Δ²` and
 * `x += η·√(1−β₂^(r+1))/(1−β₁^(r+1)) · m/(√v + ε)` in step r = 1, 2, ….
 *
 * The exponent starts at 2, as in Flower, whose results this equals.
 */
export function fedAdamFrom(value: unknown): StrategyPlan {
  const options = readOptions(schema, value, "use strategy fedadam");
  const { lr, beta1, beta2 } = options;
  return {
    options,
    contribution: "weights",
    sums: (model) => weightedSums(model, options),
    server: () =>
      adaptiveServer({
        ...options,
        rate: (round) =>
          lr * Math.sqrt(1 - power(beta2, round + 1)) / (1 - power(beta1, round + 1)),
        second: (old, change) => beta2 * old + (1 - beta2) * change * change,
      }),
  };
}

/** By multiplication alone, as `Math.pow` differs between runtimes in its last bit. */
function power(base: number, exponent: number): number {
  let product = 1;
  for (let i = 0; i < exponent; i++) product *= base;
  return product;
}
