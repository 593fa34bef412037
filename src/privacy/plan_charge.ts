/**
 * What a private task spends as its sums are opened.
 *
 * @module
 */
import type { PrivacyPlan } from "../wire/privacy_plan.ts";
import { sensitivity } from "./blt.ts";
import type { NoisyGrid } from "./noisy_grid.ts";
import { type Charge, spentEpsilon } from "./spend.ts";
import type { SampledNoise } from "./subsampled_gaussian.ts";

/** How much of a task has run. */
export interface OpenedSums {
  /** Rounds whose sum was opened, whether or not a model came of it. */
  readonly sums: number;
  /** Probability with which each client was in one of them; 1 unless they were Poisson samples. */
  readonly rate: number;
}

/** The most noise and the smallest rate that are accounted for as such. */
const MOST_NOISE = 1e5;
const LEAST_RATE = 1e-6;
/** Noise over sensitivity below which nothing is promised: one sum spends ε = 1000 and more. */
const LEAST_NOISE = 0.02;

/** A task's numbers as an accountant can take them, at no less than they cost. */
function accountable(noise: number, rate: number): SampledNoise {
  return { noise: Math.min(noise, MOST_NOISE), rate: Math.max(rate, LEAST_RATE) };
}

/** What ran, for {@link spentEpsilon}. */
export function chargesOf(
  { mechanism }: PrivacyPlan,
  { stddev, l1, l2 }: NoisyGrid,
  { sums, rate }: OpenedSums,
): readonly Charge[] {
  switch (mechanism.kind) {
    case "skellam":
      return [{ mechanism: { kind: "skellam", stddev, l1, l2, rate }, rounds: sums }];
    case "gaussian":
      return [{ mechanism: { kind: "gaussian", ...accountable(stddev / l2, rate) }, rounds: sums }];
    case "ftrl": {
      if (sums === 0) return [];
      // All rounds are one release: of noise that is correlated, to sums that a client is in several of.
      const { separation, participations } = mechanism;
      const length = sensitivity(mechanism, { rounds: sums, separation, participations });
      return [{
        mechanism: { kind: "gaussian", ...accountable(stddev / (l2 * length), 1) },
        rounds: 1,
      }];
    }
    default:
      throw mechanism satisfies never;
  }
}

/**
 * The `ε` that is spent at the plan's `δ` once so many sums were opened; infinite where `δ` is too small
 * for any.
 *
 * Of `δ` it takes `1 + e^ε` times what each round's noise may be off by ({@link NoisyGrid.distance}).
 */
export function planSpend(plan: PrivacyPlan, grid: NoisyGrid, opened: OpenedSums): number {
  // Of noise that is off by nothing any factor takes nothing, be it infinite.
  const off = grid.distance === 0 ? 0 : opened.sums * (1 + Math.exp(plan.epsilon)) * grid.distance;
  const delta = plan.delta - off;
  if (!(delta > 0 && grid.stddev >= LEAST_NOISE * grid.l2)) {
    return opened.sums === 0 ? 0 : Infinity;
  }
  return spentEpsilon(chargesOf(plan, grid, opened), delta);
}
