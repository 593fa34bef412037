/**
 * Adam at the root, over the clients' mean change (Reddi et al., ICLR 2021, algorithm 2).
 *
 * @module
 */
import * as v from "valibot";
import { tensorOf, zeros } from "../core/tensor.ts";
import type { NamedTensors, Tensor } from "../core/tensor.ts";
import { fraction, positive } from "../core/options.ts";
import type { Strategy } from "./strategy.ts";
import { totalWeight, weightedSums } from "./weighted_sums.ts";

/** Options of {@link fedAdamStrategy} as they stand in a task. */
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

/** Schema of {@link FedAdamOptions}. */
export const fedAdamSchema: v.GenericSchema<unknown, FedAdamOptions> = v.strictObject({
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
 * The exponent starts at 2, as in Flower, whose results this equals. The state holds both moments
 * of each tensor, as `m/<name>` and `v/<name>`.
 */
export function fedAdamStrategy(options: FedAdamOptions): Strategy {
  const { lr, beta1, beta2, epsilon, range } = options;
  return {
    kind: "fedadam",
    sums: (model) => weightedSums(model, { range }),
    init: (model) =>
      Object.fromEntries(
        Object.entries(model).flatMap(([name, { shape }]) => [
          [`m/${name}`, zeros(shape)],
          [`v/${name}`, zeros(shape)],
        ]),
      ),
    step({ model, state, sums, round }) {
      const weight = totalWeight(sums);
      const rate = lr * Math.sqrt(1 - power(beta2, round + 1)) / (1 - power(beta1, round + 1));
      const nextModel: [string, Tensor][] = [];
      const nextState: [string, Tensor][] = [];
      for (const [name, { shape, data }] of Object.entries(model)) {
        const change = tensorOf(sums, name).data;
        const mean = (i: number): number => (change[i] ?? 0) / weight;
        const m = tensorOf(state, `m/${name}`).data
          .map((old, i) => beta1 * old + (1 - beta1) * mean(i));
        const v = tensorOf(state, `v/${name}`).data
          .map((old, i) => beta2 * old + (1 - beta2) * mean(i) * mean(i));
        const x = data
          .map((old, i) => old + rate * (m[i] ?? 0) / (Math.sqrt(v[i] ?? 0) + epsilon));
        nextModel.push([name, { shape, data: x }]);
        nextState.push([`m/${name}`, { shape, data: m }], [`v/${name}`, { shape, data: v }]);
      }
      return { model: named(nextModel), state: named(nextState) };
    },
  };
}

function named(entries: readonly [string, Tensor][]): NamedTensors {
  return Object.fromEntries(entries);
}

/** By multiplication alone, as `Math.pow` differs between runtimes in its last bit. */
function power(base: number, exponent: number): number {
  let product = 1;
  for (let i = 0; i < exponent; i++) product *= base;
  return product;
}
