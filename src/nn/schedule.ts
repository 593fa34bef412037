/**
 * Schedules: which share of the learning rate a step takes.
 *
 * Made of additions, multiplications and divisions alone, so that a rate has the same bits in every
 * runtime; the platforms' own cosines and powers do not.
 *
 * @module
 */
import * as v from "valibot";
import { fraction, positive, whole } from "../core/options.ts";

/** All steps take the whole rate. */
export interface ConstantSchedule {
  /** Tells the schedules apart. */
  readonly kind: "constant";
}

/** The rate falls by a factor at intervals. */
export interface StepSchedule {
  /** Tells the schedules apart. */
  readonly kind: "step";
  /** What the rate is multiplied by, above 0. */
  readonly factor: number;
  /** Steps between one fall and the next. */
  readonly every: number;
}

/** The rate changes by a factor at given steps. */
export interface PiecewiseSchedule {
  /** Tells the schedules apart. */
  readonly kind: "piecewise";
  /** The steps, ascending, from which the factor beside each holds too. */
  readonly boundaries: readonly number[];
  /** What the rate is multiplied by at each boundary, above 0. */
  readonly factors: readonly number[];
}

/** The rate falls by a factor at every step. */
export interface ExponentialSchedule {
  /** Tells the schedules apart. */
  readonly kind: "exponential";
  /** What the rate is multiplied by, above 0. */
  readonly factor: number;
}

/** Half a cosine from the whole rate to its floor (Loshchilov and Hutter, ICLR 2017, without restarts). */
export interface CosineSchedule {
  /** Tells the schedules apart. */
  readonly kind: "cosine";
  /** Steps until the floor is reached. */
  readonly total: number;
  /** Share of the rate that is left at the end, in `[0, 1)`. */
  readonly floor: number;
}

/** The rate rises evenly, and stays. */
export interface WarmupSchedule {
  /** Tells the schedules apart. */
  readonly kind: "warmup";
  /** Steps until the whole rate is reached. */
  readonly warmup: number;
  /** Share of the rate that step 0 takes, in `[0, 1)`; at 0 it changes nothing. */
  readonly from: number;
}

/** The rate rises evenly, then falls evenly or by half a cosine. */
export interface WarmupDecaySchedule {
  /** Tells the schedules apart. */
  readonly kind: "warmup-linear" | "warmup-cosine";
  /** Steps until the whole rate is reached. */
  readonly warmup: number;
  /** Share of the rate that step 0 takes, in `[0, 1)`; at 0 it changes nothing. */
  readonly from: number;
  /** Steps until the floor is reached, the warm-up's among them. */
  readonly total: number;
  /** Share of the rate that is left at the end, in `[0, 1)`. */
  readonly floor: number;
}

/** Any schedule, as it stands in a task. */
export type ScheduleOptions =
  | ConstantSchedule
  | StepSchedule
  | PiecewiseSchedule
  | ExponentialSchedule
  | CosineSchedule
  | WarmupSchedule
  | WarmupDecaySchedule;

const MOST_STEPS = 1e9;
const share = (name: string) => v.optional(fraction(name), 0);
const steps = (name: string) => whole(name, MOST_STEPS);

const warmupDecay = {
  warmup: steps("warmup"),
  from: share("from"),
  total: steps("total"),
  floor: share("floor"),
};

/** Schema of {@link ScheduleOptions}; `from` and `floor` may be left out, and are 0 then. */
export const scheduleSchema: v.GenericSchema<unknown, ScheduleOptions> = v.pipe(
  v.variant("kind", [
    v.strictObject({ kind: v.literal("constant") }),
    v.strictObject({ kind: v.literal("step"), factor: positive("factor"), every: steps("every") }),
    v.strictObject({
      kind: v.literal("piecewise"),
      boundaries: v.array(steps("a boundary")),
      factors: v.array(positive("a factor")),
    }),
    v.strictObject({ kind: v.literal("exponential"), factor: positive("factor") }),
    v.strictObject({ kind: v.literal("cosine"), total: steps("total"), floor: share("floor") }),
    v.strictObject({ kind: v.literal("warmup"), warmup: steps("warmup"), from: share("from") }),
    v.strictObject({ kind: v.literal("warmup-linear"), ...warmupDecay }),
    v.strictObject({ kind: v.literal("warmup-cosine"), ...warmupDecay }),
  ]),
  v.check(
    (schedule) => schedule.kind !== "piecewise" || isAscending(schedule.boundaries),
    "boundaries must ascend",
  ),
  v.check(
    (schedule) =>
      schedule.kind !== "piecewise" || schedule.boundaries.length === schedule.factors.length,
    "there must be a factor for each boundary",
  ),
  v.check(
    (schedule) =>
      !("total" in schedule && "warmup" in schedule) || schedule.total > schedule.warmup,
    "total must be above warmup",
  ),
);

/**
 * The share of the learning rate that a step takes.
 *
 * @param step Number of the step, from 0.
 *
 * @example Half the rate after ten steps
 * ```ts
 * import { scheduleFactor } from "./schedule.ts";
 *
 * const factor = scheduleFactor({ kind: "step", factor: 0.5, every: 10 }, 10);
 * if (factor !== 0.5) throw new Error("unexpected");
 * ```
 */
export function scheduleFactor(schedule: ScheduleOptions, step: number): number {
  switch (schedule.kind) {
    case "constant":
      return 1;
    case "step":
      return power(schedule.factor, Math.floor(step / schedule.every));
    case "piecewise":
      return schedule.boundaries.reduce(
        (factor, boundary, at) => step >= boundary ? factor * (schedule.factors[at] ?? 1) : factor,
        1,
      );
    case "exponential":
      return power(schedule.factor, step);
    case "cosine":
      return fallen(schedule.floor, cosineFall(step / schedule.total));
    case "warmup":
      return risen(schedule, step);
    case "warmup-linear":
    case "warmup-cosine": {
      const { warmup, total, floor } = schedule;
      if (step < warmup) return risen(schedule, step);
      const passed = (step - warmup) / (total - warmup);
      return fallen(
        floor,
        schedule.kind === "warmup-cosine" ? cosineFall(passed) : 1 - Math.min(passed, 1),
      );
    }
    default:
      return schedule satisfies never;
  }
}

function risen({ warmup, from }: { warmup: number; from: number }, step: number): number {
  return from + (1 - from) * Math.min(step / warmup, 1);
}

function fallen(floor: number, left: number): number {
  return floor + (1 - floor) * left;
}

/** `(1 + cos πt) / 2` for `t` in `[0, 1]`, and 0 beyond. */
function cosineFall(t: number): number {
  if (t <= 0) return 1;
  // sin²(x) with x = π(1 − t)/2; its series is summed from the smallest term.
  const x = Math.PI / 2 * (1 - Math.min(t, 1));
  let series = 0;
  for (let k = 12; k >= 1; k--) series = 1 - x * x / (2 * k * (2 * k + 1)) * series;
  return (x * series) ** 2;
}

/** `base` to a whole power, by multiplications alone. */
function power(base: number, exponent: number): number {
  let [result, square, left] = [1, base, exponent];
  while (left > 0) {
    if (left % 2 === 1) result *= square;
    square *= square;
    left = Math.floor(left / 2);
  }
  return result;
}

function isAscending(values: readonly number[]): boolean {
  return values.every((value, at) => at === 0 || value > (values[at - 1] ?? 0));
}
