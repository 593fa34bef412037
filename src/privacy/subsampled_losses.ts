/**
 * Privacy losses of Gaussian noise on a sum over a Poisson sample of the clients.
 *
 * @module
 */
import { connectTheDots, type LossDistribution } from "./loss_distribution.ts";
import { logUpperTail } from "./normal.ts";
import type { SampledNoise } from "./subsampled_gaussian.ts";

/** Whether the neighbouring data set has one client less or one more: both must be bounded. */
export type Change = "remove" | "add";

/** Standard deviations beyond which an outcome is taken for one of infinite loss: 1e-15 of them. */
const REACH = 8;

/**
 * `δ(ε)` of one round, exactly: with `r(x) = 1 − q + q·exp((2x − 1)/2σ²)` the ratio of the densities,
 * which grows with `x`, the outcomes that lose more than `ε` are all above or all below one place.
 */
function deltaOf({ noise, rate }: SampledNoise, change: Change): (epsilon: number) => number {
  /** Where `r(x) = e^ε`; nowhere if that is below `1 − q`. */
  function place(epsilon: number): { readonly x: number; readonly excess: number } | undefined {
    const excess = Math.expm1(epsilon) + rate;
    if (excess <= 0) return undefined;
    return { x: noise * noise * Math.log(excess / rate) + 0.5, excess };
  }
  /** `e^a − e^b`, which is no less than 0 but for rounding. */
  const difference = (a: number, b: number): number =>
    Math.exp(a) * Math.max(0, -Math.expm1(b - a));

  if (change === "remove") {
    return (epsilon) => {
      const at = place(epsilon);
      if (at === undefined) return -Math.expm1(epsilon);
      return difference(
        Math.log(rate) + logUpperTail((at.x - 1) / noise),
        Math.log(at.excess) + logUpperTail(at.x / noise),
      );
    };
  }
  return (epsilon) => {
    const at = place(-epsilon);
    if (at === undefined) return 0;
    // 1 − e^ε(1 − q) = e^ε·(e^−ε − 1 + q).
    return difference(
      epsilon + Math.log(at.excess) + logUpperTail(-at.x / noise),
      epsilon + Math.log(rate) + logUpperTail((1 - at.x) / noise),
    );
  };
}

/** The least and the largest loss of one round that are told apart from infinite ones. */
export function lossRange(
  { noise, rate }: SampledNoise,
  change: Change,
): { readonly low: number; readonly high: number } {
  const ratio = (x: number): number =>
    Math.log1p(rate * Math.expm1((2 * x - 1) / (2 * noise * noise)));
  const [low, high] = [ratio(-REACH * noise), ratio(1 + REACH * noise)];
  return change === "remove" ? { low, high } : { low: -high, high: -low };
}

/** The losses of one round over a grid. */
export function subsampledGaussianLosses(
  mechanism: SampledNoise,
  { change, step }: { readonly change: Change; readonly step: number },
): LossDistribution {
  const { low, high } = lossRange(mechanism, change);
  return connectTheDots(deltaOf(mechanism, change), {
    step,
    first: Math.floor(low / step) - 1,
    last: Math.ceil(high / step) + 1,
  });
}
