/**
 * Averaging that favours clients whose loss is high, so that the model serves all of them more
 * alike (q-FedAvg: Li et al., "Fair Resource Allocation in Federated Learning", ICLR 2020,
 * algorithm 2).
 *
 * @module
 */
import * as v from "valibot";
import { TributaryError } from "../core/errors.ts";
import { notNegative, positive, readOptions } from "../core/options.ts";
import { tensorOf } from "../core/tensor.ts";
import type { NamedTensors } from "../core/tensor.ts";
import { figureOf } from "./client_half.ts";
import type { ClientHalf } from "./client_half.ts";
import { scaledBy } from "./scaled_by.ts";
import type { StrategyPlan, StrategyServer } from "./strategy.ts";
import { refuseName, weightedSums } from "./weighted_sums.ts";

/** Name of the sum that the changes are divided by. */
const CURVATURE = "clients/curvature";

/** Options of q-FedAvg as they stand in a task. */
export interface QFedAvgOptions {
  /** Tells the strategies apart. */
  readonly kind: "qfedavg";
  /** How much a high loss counts; at 0 all clients count the same. */
  readonly q: number;
  /** The clients' learning rate; the paper's 1/L. */
  readonly rate: number;
  /** Bound on the L2 norm of a client's change, which the task's `clip` has to hold. */
  readonly norm: number;
  /** A loss below counts as this much. */
  readonly minLoss: number;
  /** A loss above counts as this much. */
  readonly maxLoss: number;
  /** Bound of each value of a client's change. */
  readonly range: number;
}

const schema: v.GenericSchema<unknown, QFedAvgOptions> = v.pipe(
  v.strictObject({
    kind: v.literal("qfedavg"),
    q: notNegative("q"),
    rate: positive("rate"),
    norm: positive("norm"),
    minLoss: positive("minLoss"),
    maxLoss: positive("maxLoss"),
    range: positive("range"),
  }),
  v.check(
    ({ minLoss, maxLoss }) => minLoss < maxLoss,
    "minLoss must be below maxLoss",
  ),
);

/**
 * Options of q-FedAvg.
 *
 * @param options `q` (default 1), `rate` (0.1), `norm` (1), `minLoss` (0.01), `maxLoss` (2),
 * `range` (1).
 */
export function qFedAvg(options: Partial<Omit<QFedAvgOptions, "kind">> = {}): QFedAvgOptions {
  return {
    ...{ kind: "qfedavg", q: 1, rate: 0.1, norm: 1, minLoss: 0.01, maxLoss: 2, range: 1 },
    ...options,
  };
}

/**
 * With the received model's loss F on a client's examples and its change Δ, clients send `F^q·Δ` and
 * `h = q·F^(q−1)·‖Δ‖²/rate + F^q`; the root steps by `x += Σ F^q·Δ / Σ h`, without state.
 *
 * Both are the paper's over L = 1/rate. The bound on ‖Δ‖ is what bounds h.
 */
export function qFedAvgFrom(value: unknown): StrategyPlan {
  const options = readOptions(schema, value, "use strategy qfedavg");
  const { q, norm, minLoss, maxLoss, range } = options;
  return {
    options,
    contribution: "weights",
    clip: norm,
    sums(model) {
      refuseName(model, CURVATURE);
      // A loss to the power q − 1 is largest at one end or the other.
      const largest = Math.max(...[minLoss, maxLoss].map((loss) => slope(loss, norm, options)));
      return [
        ...weightedSums(model, { range: power(maxLoss, q) * range }),
        { name: CURVATURE, shape: [1], range: largest + power(maxLoss, q) },
      ];
    },
    client: clientHalf(options),
    server,
  };
}

function server(): StrategyServer {
  return {
    init: () => ({}),
    step({ model, state, sums }) {
      const curvature = tensorOf(sums, CURVATURE).data[0] ?? 0;
      if (!(curvature > 0)) {
        throw new TributaryError(
          "model-invalid",
          `Cannot take the mean of updates whose curvatures add up to ${curvature}: expected more than 0`,
        );
      }
      const next = Object.entries(model).map(([name, { shape, data }]) => {
        const change = tensorOf(sums, name).data;
        return [name, { shape, data: data.map((x, i) => x + (change[i] ?? 0) / curvature) }];
      });
      return { model: Object.fromEntries(next), state };
    },
  };
}

function clientHalf(options: QFedAvgOptions): ClientHalf {
  const { q, minLoss, maxLoss } = options;
  return {
    needs: ["loss"],
    begin: () =>
      Promise.resolve({
        form(change, contribution) {
          const found = figureOf(contribution, "loss", "qfedavg");
          const loss = Math.min(Math.max(found, minLoss), maxLoss);
          const curvature = slope(loss, lengthOf(change), options) + power(loss, q);
          return {
            ...scaledBy(change, power(loss, q)),
            [CURVATURE]: { shape: [1], data: Float32Array.of(curvature) },
          };
        },
      }),
  };
}

/** The part of h that grows with the change: `q·F^(q−1)·‖Δ‖²/rate`. */
function slope(loss: number, norm: number, { q, rate }: QFedAvgOptions): number {
  return q * power(loss, q - 1) * norm * norm / rate;
}

/** In float32, as `Math.pow` differs between runtimes in float64's last bit. */
function power(base: number, exponent: number): number {
  return Math.fround(Math.pow(base, exponent));
}

/** L2 norm over all values of all tensors. */
function lengthOf(tensors: NamedTensors): number {
  let square = 0;
  for (const { data } of Object.values(tensors)) {
    for (const value of data) square += value * value;
  }
  return Math.sqrt(square);
}
