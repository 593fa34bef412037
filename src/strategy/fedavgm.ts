/**
 * Averaging with momentum at the root (FedAvgM: Hsu et al. 2019, "Measuring the Effects of
 * Non-Identical Data Distribution for Federated Visual Classification").
 *
 * @module
 */
import * as v from "valibot";
import { fraction, positive, readOptions } from "../core/options.ts";
import { tensorOf, zeros } from "../core/tensor.ts";
import type { Tensor } from "../core/tensor.ts";
import type { StrategyPlan, StrategyServer } from "./strategy.ts";
import { totalWeight, weightedSums } from "./weighted_sums.ts";

/** Options of FedAvgM as they stand in a task. */
export interface FedAvgMOptions {
  /** Tells the strategies apart. */
  readonly kind: "fedavgm";
  /** The root's learning rate. */
  readonly lr: number;
  /** Share β of the velocity that stays, in `[0, 1)`. */
  readonly momentum: number;
  /** Bound of each value of a client's weighted change. */
  readonly range: number;
}

const schema: v.GenericSchema<unknown, FedAvgMOptions> = v.strictObject({
  kind: v.literal("fedavgm"),
  lr: positive("lr"),
  momentum: fraction("momentum"),
  range: positive("range"),
});

/**
 * Options of FedAvgM.
 *
 * @param options `lr` (default 1), `momentum` (default 0.9) and `range` (default 1).
 */
export function fedAvgM(options: Partial<Omit<FedAvgMOptions, "kind">> = {}): FedAvgMOptions {
  return { kind: "fedavgm", lr: 1, momentum: 0.9, range: 1, ...options };
}

/**
 * With the mean change Δ: `v = β·v + Δ` and `x += lr·v`. The velocity of each tensor is kept as
 * `v/<name>`. Equals Flower's, whose velocity is of the other sign.
 */
export function fedAvgMFrom(value: unknown): StrategyPlan {
  const options = readOptions(schema, value, "use strategy fedavgm");
  return {
    options,
    contribution: "weights",
    sums: (model) => weightedSums(model, options),
    server: () => server(options),
  };
}

function server({ lr, momentum }: FedAvgMOptions): StrategyServer {
  return {
    init: (model) =>
      Object.fromEntries(
        Object.entries(model).map(([name, { shape }]) => [`v/${name}`, zeros(shape)]),
      ),
    step({ model, state, sums }) {
      const weight = totalWeight(sums);
      const nextModel: [string, Tensor][] = [];
      const nextState: [string, Tensor][] = [];
      for (const [name, { shape, data }] of Object.entries(model)) {
        const change = tensorOf(sums, name).data;
        const velocity = tensorOf(state, `v/${name}`).data
          .map((old, i) => momentum * old + (change[i] ?? 0) / weight);
        const x = data.map((old, i) => old + lr * (velocity[i] ?? 0));
        nextModel.push([name, { shape, data: x }]);
        nextState.push([`v/${name}`, { shape, data: velocity }]);
      }
      return { model: Object.fromEntries(nextModel), state: Object.fromEntries(nextState) };
    },
  };
}
