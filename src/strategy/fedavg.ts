/**
 * Sample-weighted averaging of the clients' changes (McMahan et al., AISTATS 2017, algorithm 1).
 *
 * @module
 */
import * as v from "valibot";
import { tensorOf } from "../core/tensor.ts";
import { positive } from "../core/options.ts";
import type { Strategy } from "./strategy.ts";
import { totalWeight, weightedSums } from "./weighted_sums.ts";

/** Options of {@link fedAvgStrategy} as they stand in a task. */
export interface FedAvgOptions {
  /** Tells the strategies apart. */
  readonly kind: "fedavg";
  /** Share of the mean change that is taken; 1 puts the mean of the clients' weights in place. */
  readonly lr: number;
  /** Bound of each value of a client's weighted change. */
  readonly range: number;
}

/** Schema of {@link FedAvgOptions}. */
export const fedAvgSchema: v.GenericSchema<unknown, FedAvgOptions> = v.strictObject({
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
export function fedAvgStrategy({ lr, range }: FedAvgOptions): Strategy {
  return {
    kind: "fedavg",
    sums: (model) => weightedSums(model, { range }),
    init: () => ({}),
    step({ model, state, sums }) {
      const weight = totalWeight(sums);
      const next = Object.entries(model).map(([name, { shape, data }]) => {
        const change = tensorOf(sums, name).data;
        return [name, { shape, data: data.map((x, i) => x + lr * (change[i] ?? 0) / weight) }];
      });
      return { model: Object.fromEntries(next), state };
    },
  };
}
