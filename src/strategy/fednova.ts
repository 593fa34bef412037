/**
 * Averaging of what clients change a step, for clients that take different numbers of local steps
 * (FedNova: Wang et al., NeurIPS 2020, "Tackling the Objective Inconsistency Problem in
 * Heterogeneous Federated Optimization", section 4).
 *
 * @module
 */
import * as v from "valibot";
import { TributaryError } from "../core/errors.ts";
import { fraction, positive, readOptions, whole } from "../core/options.ts";
import { tensorOf } from "../core/tensor.ts";
import { figureOf } from "./client_half.ts";
import type { ClientHalf } from "./client_half.ts";
import { addMeanChange } from "./mean_change.ts";
import { scaledBy } from "./scaled_by.ts";
import type { StrategyPlan } from "./strategy.ts";
import { refuseName, totalWeight, weightedSums } from "./weighted_sums.ts";

/** Name of the sum of the clients' weighted lengths of training. */
const LENGTH = "clients/length";
/** Most local steps that options may allow for. */
const MOST_STEPS = 1e6;

/** Options of FedNova as they stand in a task. */
export interface FedNovaOptions {
  /** Tells the strategies apart. */
  readonly kind: "fednova";
  /** Share of the step that is taken. */
  readonly lr: number;
  /** Momentum ρ of the clients' own steps, in `[0, 1)`; their trainer has to use the same. */
  readonly localMomentum: number;
  /** Most local steps of a client. */
  readonly maxSteps: number;
  /** Bound of each value of a client's weighted change a step. */
  readonly range: number;
}

const schema: v.GenericSchema<unknown, FedNovaOptions> = v.strictObject({
  kind: v.literal("fednova"),
  lr: positive("lr"),
  localMomentum: fraction("localMomentum"),
  maxSteps: whole("maxSteps", MOST_STEPS),
  range: positive("range"),
});

/**
 * Options of FedNova.
 *
 * @param options `lr` (default 1), `localMomentum` (0), `maxSteps` (100), `range` (0.1).
 */
export function fedNova(options: Partial<Omit<FedNovaOptions, "kind">> = {}): FedNovaOptions {
  return { kind: "fednova", lr: 1, localMomentum: 0, maxSteps: 100, range: 0.1, ...options };
}

/**
 * With a client's training length `a = ‖a‖₁` (see {@link trainingLength}), clients send `w·Δ/a`, `w`
 * and `w·a`; the root steps by `x += lr · (Σ w·a / Σ w) · (Σ w·Δ/a / Σ w)`, without state.
 *
 * Averaging as it is weighs a client by how many steps it happened to take, so that it settles at
 * the optimum of another objective than the clients' weighted losses.
 */
export function fedNovaFrom(value: unknown): StrategyPlan {
  const options = readOptions(schema, value, "use strategy fednova");
  const { lr, range } = options;
  return {
    options,
    contribution: "weights",
    sums(model) {
      refuseName(model, LENGTH);
      const longest = trainingLength(options.maxSteps, options.localMomentum);
      return [...weightedSums(model, { range }), { name: LENGTH, shape: [1], range: longest }];
    },
    client: clientHalf(options),
    server: () => ({
      init: () => ({}),
      step({ model, state, sums }) {
        const length = (tensorOf(sums, LENGTH).data[0] ?? 0) / totalWeight(sums);
        return { model: addMeanChange(model, sums, lr * length), state };
      },
    }),
  };
}

function clientHalf({ localMomentum, maxSteps }: FedNovaOptions): ClientHalf {
  return {
    needs: ["steps"],
    begin: () =>
      Promise.resolve({
        form(change, contribution) {
          const steps = figureOf(contribution, "steps", "fednova");
          if (steps > maxSteps) {
            throw new TributaryError(
              "update-misshapen",
              `Cannot send the update: its trainer took ${steps} steps, expected at most ${maxSteps}`,
            );
          }
          const length = trainingLength(steps, localMomentum);
          return {
            // Without a step there is no change.
            ...scaledBy(change, length === 0 ? 0 : 1 / length),
            [LENGTH]: { shape: [1], data: Float32Array.of(length) },
          };
        },
      }),
  };
}

/**
 * How far a unit gradient in every step would move a client, in learning rates: the paper's `‖a‖₁`,
 * which for plain SGD is the number of steps and for momentum ρ, not Nesterov's, the sum of
 * `(1 − ρ^j)/(1 − ρ)` over j = 1 … steps.
 */
function trainingLength(steps: number, momentum: number): number {
  // By multiplication alone, as `Math.pow` differs between runtimes in its last bit.
  let [velocity, length] = [0, 0];
  for (let step = 0; step < steps; step++) {
    velocity = momentum * velocity + 1;
    length += velocity;
  }
  return length;
}
