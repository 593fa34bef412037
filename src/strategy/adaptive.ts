/**
 * What the adaptive server optimisers share: two moments of the clients' mean change (Reddi et al.,
 * "Adaptive Federated Optimization", ICLR 2021, algorithm 2).
 *
 * @module
 */
import { tensorOf, zeros } from "../core/tensor.ts";
import type { Tensor } from "../core/tensor.ts";
import type { StrategyServer } from "./strategy.ts";
import { totalWeight } from "./weighted_sums.ts";

/** What tells one adaptive optimiser from another. */
export interface AdaptiveRule {
  /** Share β₁ of the first moment that stays, in `[0, 1)`. */
  readonly beta1: number;
  /** Added to the root of the second moment; the paper's τ. */
  readonly epsilon: number;
  /** The learning rate of a step, numbered from 1. */
  rate(round: number): number;
  /** A value's second moment after a mean change of so much. */
  second(old: number, change: number): number;
}

/**
 * With the mean change Δ: `m = β₁m + (1−β₁)Δ`, `v = second(v, Δ)` and `x += rate · m/(√v + ε)`. Both
 * moments begin at 0, as in Flower, and are kept of each tensor as `m/<name>` and `v/<name>`.
 */
export function adaptiveServer(rule: AdaptiveRule): StrategyServer {
  const { beta1, epsilon } = rule;
  return {
    init: (model) =>
      Object.fromEntries(
        Object.entries(model).flatMap(([name, { shape }]) => [
          [`m/${name}`, zeros(shape)],
          [`v/${name}`, zeros(shape)],
        ]),
      ),
    step({ model, state, sums, round }) {
      const weight = totalWeight(sums);
      const rate = rule.rate(round);
      const nextModel: [string, Tensor][] = [];
      const nextState: [string, Tensor][] = [];
      for (const [name, { shape, data }] of Object.entries(model)) {
        const change = tensorOf(sums, name).data;
        const mean = (i: number): number => (change[i] ?? 0) / weight;
        const m = tensorOf(state, `m/${name}`).data
          .map((old, i) => beta1 * old + (1 - beta1) * mean(i));
        const v = tensorOf(state, `v/${name}`).data.map((old, i) => rule.second(old, mean(i)));
        const x = data
          .map((old, i) => old + rate * (m[i] ?? 0) / (Math.sqrt(v[i] ?? 0) + epsilon));
        nextModel.push([name, { shape, data: x }]);
        nextState.push([`m/${name}`, { shape, data: m }], [`v/${name}`, { shape, data: v }]);
      }
      return { model: Object.fromEntries(nextModel), state: Object.fromEntries(nextState) };
    },
  };
}
