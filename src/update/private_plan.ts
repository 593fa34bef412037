/**
 * What a task's promise about privacy means for its updates.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import { type NoisyGrid, noisyGrid } from "../privacy/noisy_grid.ts";
import { planSpend } from "../privacy/plan_charge.ts";
import type { PrivacyPlan } from "../wire/privacy_plan.ts";
import type { Sampling } from "../wire/sampling.ts";
import { gridLimit, type UpdatePlan } from "./plan.ts";

/** A layout whose sums are private. */
export interface PrivateUpdatePlan extends UpdatePlan {
  /** What is promised, and how it is kept. */
  readonly privacy: PrivacyPlan;
}

/**
 * The grid of a private plan.
 *
 * @throws {TributaryError} `task-refused` if updates and noise do not fit their slots.
 */
export function gridOf(plan: PrivateUpdatePlan): NoisyGrid {
  const { tensors, maxClients, privacy } = plan;
  return noisyGrid({ tensors, maxClients, privacy, limit: gridLimit(plan) });
}

/** How a private task's rounds go. */
export interface PrivateRounds {
  /** Rounds whose sum was opened. */
  readonly sums: number;
  /** How the clients of each are chosen. */
  readonly sampling: Sampling;
}

/**
 * The `ε` that a private plan has spent at its `δ` once so many sums were opened. Sampling makes it less
 * where every client is drawn by itself.
 */
export function privacySpend(plan: PrivateUpdatePlan, rounds: PrivateRounds): number {
  return spendOver(gridOf(plan), plan.privacy, rounds);
}

/** The same over a grid that is known. */
export function spendOver(
  grid: NoisyGrid,
  privacy: PrivacyPlan,
  { sums, sampling }: PrivateRounds,
): number {
  return planSpend(privacy, grid, {
    sums,
    rate: sampling.kind === "poisson" ? sampling.rate : 1,
  });
}

/**
 * Checks that a plan keeps its promise over all rounds of its task.
 *
 * @throws {TributaryError} `task-refused`, with what it would spend.
 */
export function checkSpend(plan: PrivateUpdatePlan, rounds: PrivateRounds): void {
  const { epsilon, delta } = plan.privacy;
  const spent = privacySpend(plan, rounds);
  if (spent <= epsilon) return;
  throw new TributaryError(
    "task-refused",
    `Cannot keep ε = ${epsilon} at δ = ${delta}: noise of ${plan.privacy.noise} times the bound spends ε = ${
      Number(spent.toPrecision(6))
    } over ${rounds.sums} rounds, expected at most ${epsilon}`,
  );
}
