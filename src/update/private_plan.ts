/**
 * What a task's promise about privacy means for its updates.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import { type NoisyGrid, noisyGrid } from "../privacy/noisy_grid.ts";
import { planSpend } from "../privacy/plan_charge.ts";
import type { Spent } from "../wire/log.ts";
import type { PrivacyPlan } from "../wire/privacy_plan.ts";
import type { Sampling } from "../wire/sampling.ts";
import { type Task, updatePlan } from "../wire/task.ts";
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
 * The `ε` that a plan over its grid has spent at its `δ` once so many sums were opened. Sampling makes it
 * less where every client is drawn by itself.
 */
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

/** What a private task spends, sum by sum. */
export interface TaskSpend {
  /** The `ε` that so many opened sums have spent at the task's `δ`. */
  after(sums: number): number;
  /** What is told of the sum after so many, and whether there is room for another. */
  next(sums: number): Spent;
  /** The same of a sum that gave no model: noise that later rounds would take back then never will be. */
  failed(sums: number): Spent;
}

/**
 * What a task spends; undefined if it promises nothing.
 *
 * @throws {TributaryError} `task-refused` if its updates and noise do not fit their slots.
 *
 * @example Four rounds of a task that was defined for four
 * ```ts
 * import { tensors } from "../models/mod.ts";
 * import { defineTask } from "../task/mod.ts";
 * import { taskSpend } from "./private_plan.ts";
 *
 * const task = defineTask({
 *   name: "risk",
 *   model: tensors({ tensors: { slopes: [100] } }),
 *   clients: { min: 1000, max: 2000 },
 *   privacy: { epsilon: 2, delta: 1e-6 },
 *   stop: { rounds: 4 },
 * });
 * const spent = taskSpend(task)?.next(3);
 * if (spent?.epsilon.toFixed(2) !== "2.00" || !spent.isOver) throw new Error("unexpected");
 * ```
 */
export function taskSpend(task: Task): TaskSpend | undefined {
  const { privacy, sampling } = task;
  if (privacy === undefined) return undefined;
  const grid = gridOf({ ...updatePlan(task), privacy });
  const after = (sums: number): number => spendOver(grid, privacy, { sums, sampling });
  const next = (sums: number): Spent => ({
    sums: sums + 1,
    epsilon: after(sums + 1),
    isOver: after(sums + 2) > privacy.epsilon,
  });
  return {
    after,
    next,
    failed(sums) {
      const spent = next(sums);
      return { ...spent, isOver: spent.isOver || privacy.mechanism.kind === "ftrl" };
    },
  };
}

/**
 * Checks that a plan keeps its promise over all rounds of its task.
 *
 * @throws {TributaryError} `task-refused`, with what it would spend.
 */
export function checkSpend(plan: PrivateUpdatePlan, rounds: PrivateRounds): void {
  const { epsilon, delta } = plan.privacy;
  const spent = spendOver(gridOf(plan), plan.privacy, rounds);
  if (spent <= epsilon) return;
  throw new TributaryError(
    "task-refused",
    `Cannot keep ε = ${epsilon} at δ = ${delta}: noise of ${plan.privacy.noise} times the bound spends ε = ${
      Number(spent.toPrecision(6))
    } over ${rounds.sums} rounds, expected at most ${epsilon}`,
  );
}
