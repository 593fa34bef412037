/**
 * What a training run spends of its privacy budget: rounds of one or several mechanisms together.
 *
 * @module
 */
import { gaussianEpsilon } from "./gaussian.ts";
import { composeLosses } from "./compose_losses.ts";
import { lossEpsilon } from "./loss_distribution.ts";
import { amplifiedByPoisson } from "./poisson_amplification.ts";
import { type ResponseOptions, responseRdp } from "./randomised_response.ts";
import { type RdpBound, type RdpCurve, rdpEpsilon } from "./rdp.ts";
import { type SkellamNoise, skellamRdp } from "./skellam.ts";
import { type Change, lossRange, subsampledGaussianLosses } from "./subsampled_losses.ts";
import { type SampledNoise, subsampledGaussianRdp } from "./subsampled_gaussian.ts";

/** Noise that a round's sum gets before anyone sees it. */
export type Mechanism =
  /** Gaussian noise, added by one who is trusted to. */
  | { readonly kind: "gaussian" } & SampledNoise
  /** Integer noise, of which every client adds a share. */
  | { readonly kind: "skellam"; readonly rate: number } & SkellamNoise
  /** A value out of a few that each client blurs for itself. */
  | { readonly kind: "response" } & ResponseOptions;

/** A mechanism and how often it ran. */
export interface Charge {
  /** Which noise. */
  readonly mechanism: Mechanism;
  /** How many rounds, a whole number, 0 or more. */
  readonly rounds: number;
}

/** Losses that are told apart in one round, at most. */
const MOST_LOSSES = 2 ** 20;
/**
 * Step of the grid over the standard deviation of a round's loss. The grid adds a sixth of the step's
 * square to the variance, and half of that, here a part in 10⁴, to `ε`.
 */
const STEPS_PER_DEVIATION = 0.03;
/** The coarsest grid. */
const LARGEST_STEP = 0.01;
/** The finest grid: a million rounds of it add less than a part in 10^4 to the smallest `ε` in use. */
const SMALLEST_STEP = 1e-7;
/** Where Rényi accounting gives more, that is all that is said. */
const MOST_EPSILON = 1000;

/**
 * The smallest `ε` that Rényi accounting gives for all charges together, and its order.
 *
 * Neighbouring data sets differ by all that one client has.
 *
 * @param delta `δ` in `(0, 1)`.
 */
export function renyiEpsilon(charges: readonly Charge[], delta: number): RdpBound {
  const run = charges.filter(({ rounds }) => rounds > 0);
  if (run.length === 0) return { epsilon: 0, order: Infinity };
  const curves = run.map(({ mechanism, rounds }) => ({ curve: curveOf(mechanism), rounds }));
  const sum: RdpCurve = (order) =>
    curves.reduce((total, { curve, rounds }) => total + rounds * curve(order), 0);
  return rdpEpsilon(sum, delta);
}

/** How losses are accounted for. */
export interface SpendOptions {
  /**
   * Distance of two losses that are told apart; larger ones give a larger `ε`, never too small a one.
   * By default it adds about a part in 10⁴.
   */
  readonly step?: number;
}

/**
 * The smallest `ε` of all charges together: by privacy loss distributions where every mechanism has
 * one (the Gaussian does), which is nearly exact, and else by Rényi accounting.
 *
 * @param charges What ran; nothing costs nothing.
 * @param delta   `δ` in `(0, 1)`.
 *
 * @example A thousand rounds on samples of one in a hundred
 * ```ts
 * import { spentEpsilon } from "./mod.ts";
 *
 * const mechanism = { kind: "gaussian", noise: 1.1, rate: 0.01 } as const;
 * const epsilon = spentEpsilon([{ mechanism, rounds: 1000 }], 1e-5);
 * if (epsilon.toFixed(2) !== "1.52") throw new Error("unexpected spend");
 * ```
 */
export function spentEpsilon(
  charges: readonly Charge[],
  delta: number,
  options: SpendOptions = {},
): number {
  const run = charges.filter(({ rounds }) => rounds > 0);
  if (run.length === 0) return 0;
  const gaussian = run.flatMap(({ mechanism, rounds }) =>
    mechanism.kind === "gaussian" ? [{ mechanism, rounds }] : []
  );
  if (gaussian.length < run.length) {
    return Math.min(renyiEpsilon(run, delta).epsilon, plainEpsilon(run));
  }
  if (gaussian.every(({ mechanism }) => mechanism.rate === 1)) {
    const precision = gaussian.reduce(
      (sum, { mechanism, rounds }) => sum + rounds / mechanism.noise ** 2,
      0,
    );
    return gaussianEpsilon(1 / Math.sqrt(precision), delta);
  }
  const bound = renyiEpsilon(run, delta).epsilon;
  // Beyond, nothing is promised that could be told more exactly.
  if (!(bound > 0 && bound < MOST_EPSILON)) return bound;
  const epsilons = (["remove", "add"] as const).map((change) => {
    const step = options.step ?? stepFor(gaussian, change);
    const parts = gaussian.map(({ mechanism, rounds }) => ({
      losses: subsampledGaussianLosses(mechanism, { change, step }),
      rounds,
    }));
    return lossEpsilon(composeLosses(parts), delta);
  });
  // Both are bounds; of very little noise the grid of losses is the coarser one.
  return Math.min(bound, Math.max(...epsilons));
}

/** What responses add up to without any `δ`; infinite where noise has none to give. */
function plainEpsilon(charges: readonly Charge[]): number {
  return charges.reduce(
    (sum, { mechanism, rounds }) =>
      sum + (mechanism.kind === "response" ? rounds * mechanism.epsilon : Infinity),
    0,
  );
}

/** The curve of one round. */
function curveOf(mechanism: Mechanism): RdpCurve {
  switch (mechanism.kind) {
    case "gaussian":
      return subsampledGaussianRdp(mechanism);
    case "skellam":
      return amplifiedByPoisson(skellamRdp(mechanism), mechanism.rate);
    case "response":
      return responseRdp(mechanism);
    default:
      return mechanism satisfies never;
  }
}

/** A step whose grid adds little, or a coarser one where a round's losses range too far for it. */
function stepFor(
  charges: readonly { readonly mechanism: SampledNoise; readonly rounds: number }[],
  change: Change,
): number {
  const rounds = charges.reduce((sum, charge) => sum + charge.rounds, 0);
  // The variance of the ratio of densities, which for small losses is that of the loss.
  const variance = charges.reduce(
    (sum, { mechanism: { noise, rate }, rounds }) =>
      sum + rounds * rate ** 2 * Math.expm1(1 / noise ** 2),
    0,
  ) / rounds;
  const fine = Math.max(
    SMALLEST_STEP,
    Math.min(LARGEST_STEP, STEPS_PER_DEVIATION * Math.sqrt(variance)),
  );
  const widest = Math.max(...charges.map(({ mechanism }) => {
    const { low, high } = lossRange(mechanism, change);
    return high - low;
  }));
  return Math.max(fine, widest / MOST_LOSSES);
}
