/**
 * What a private task spends as its sums are opened.
 *
 * @module
 */
import type { PrivacyPlan } from "../wire/privacy_plan.ts";
import { sensitivity } from "./blt.ts";
import type { NoisyGrid } from "./noisy_grid.ts";
import { type Charge, spentEpsilon } from "./spend.ts";

/** How much of a task has run. */
export interface OpenedSums {
  /** Rounds whose sum was opened, whether or not a model came of it. */
  readonly sums: number;
  /** Probability with which each client was in one of them; 1 unless they were Poisson samples. */
  readonly rate: number;
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
      return [{ mechanism: { kind: "gaussian", noise: stddev / l2, rate }, rounds: sums }];
    case "ftrl": {
      if (sums === 0) return [];
      // All rounds are one release: of noise that is correlated, to sums that a client is in several of.
      const { separation, participations } = mechanism;
      const length = sensitivity(mechanism, { rounds: sums, separation, participations });
      return [{
        mechanism: { kind: "gaussian", noise: stddev / (l2 * length), rate: 1 },
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
  return delta > 0 ? spentEpsilon(chargesOf(plan, grid, opened), delta) : Infinity;
}
