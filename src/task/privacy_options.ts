/**
 * How a task's author promises privacy, and the noise that it takes.
 *
 * @module
 */
import { isTributaryError, TributaryError } from "../core/errors.ts";
import { bisectFalling } from "../privacy/bisect.ts";
import { sensitivity } from "../privacy/blt.ts";
import { noiseFor } from "../privacy/calibrate.ts";
import { chooseBlt } from "../privacy/choose_blt.ts";
import { gaussianNoise } from "../privacy/gaussian.ts";
import { type NoisyGrid, scaleFor } from "../privacy/noisy_grid.ts";
import { fewestOpened } from "../update/check_privacy.ts";
import type { UpdatePlan } from "../update/plan.ts";
import { gridOf, spendOver } from "../update/private_plan.ts";
import type { MaskPlan } from "../wire/mask_plan.ts";
import type { FtrlPlan, PrivacyMechanism, PrivacyPlan } from "../wire/privacy_plan.ts";
import type { Sampling } from "../wire/sampling.ts";

/** Who adds the noise; what is left out is chosen. */
export type MechanismOptions =
  /** Every client its share; `shares` is by default the fewest clients of an opened sum. */
  | { readonly kind: "skellam"; readonly shares?: number }
  /** The root. */
  | { readonly kind: "gaussian" }
  /** The root, and takes part of it back; buffers are chosen for how often clients come. */
  | Pick<FtrlPlan, "kind" | "separation" | "participations"> & Partial<FtrlPlan>;

/** A promise; what is left out is chosen so that it is kept. */
export interface PrivacyOptions extends Partial<Omit<PrivacyPlan, "mechanism">> {
  /** `ε` that all rounds together keep. */
  readonly epsilon: number;
  /** `δ` that goes with it. */
  readonly delta: number;
  /** Who adds the noise; default every client its share. */
  readonly mechanism?: MechanismOptions;
}

/** What the promise is about. */
export interface PrivateRun {
  /** The layout of updates. */
  readonly plan: UpdatePlan;
  /** How they are masked. */
  readonly mask: MaskPlan;
  /** Fewest clients of a round. */
  readonly clients: { readonly min: number };
  /** How they are chosen. */
  readonly sampling: Sampling;
  /** How many rounds. */
  readonly rounds: number;
}

/** Bound on updates, unless a task says otherwise. */
const DEFAULT_CLIP = 1;
/** What weight and metrics take, unless a task says otherwise: three parts in a hundred more noise. */
const DEFAULT_EXTRAS = 0.25;
/** What noise may be off by at the least, as the logarithm of its inverse. */
const MOST_LOG_DISTANCE = 79 * Math.LN2;
/** What rounding may cost where there is room: so much longer vectors, so much more noise. */
const FINE = 1.01;
/** What it may cost for noise that is drawn from a table of 16 KiB. */
const COARSE = 1.05;
/** Standard deviation, in steps, of noise whose table has that size. */
const WIDEST_SHARE = 128;
/** Relative precision of the noise. */
const TOLERANCE = 1e-4;
/** Digits of a number in a task. */
const DIGITS = 5;
/** Halvings by which a grid that fits is found, and then how far it may go. */
const HALVINGS = 32;

/**
 * The plan of a promise: the least noise that keeps it, on a grid fine enough that rounding costs a
 * part in a hundred of it, or as fine as slots allow.
 *
 * @throws {TributaryError} `task-refused` if no noise that fits the slots is enough.
 */
export function completePrivacy(options: PrivacyOptions, run: PrivateRun): PrivacyPlan {
  const { clip = DEFAULT_CLIP, extras = DEFAULT_EXTRAS } = options;
  const mechanism = completeMechanism(options.mechanism ?? { kind: "skellam" }, run);
  const base = { ...options, clip, extras, mechanism };
  /** The plan of some noise, with a scale that fits it. */
  function planOf(noise: number): { readonly privacy: PrivacyPlan; readonly grid: NoisyGrid } {
    const at = (scale: number) => {
      const privacy = { ...base, noise, scale };
      return { privacy, grid: gridOf({ ...run.plan, privacy }) };
    };
    if (options.scale !== undefined) return at(options.scale);
    return at(fittingScale((scale) => at(scale).grid));
  }

  if (options.noise !== undefined) return planOf(options.noise).privacy;
  if (mechanism.kind === "skellam") checkDelta(options, run.rounds);
  const spent = spending(run, options, mechanism);
  const noise = bisectFalling(
    (noise) => noise === 0 ? Infinity : refusedIsInfinite(() => spent(planOf(noise))),
    { bound: 1, start: 1, tolerance: TOLERANCE },
  );
  if (!Number.isFinite(noise)) {
    throw new TributaryError(
      "task-refused",
      `Cannot keep ε = ${options.epsilon} at δ = ${options.delta} over ${run.rounds} rounds: ` +
        `no noise that slots of ${run.plan.slotBits} bits have room for is enough`,
    );
  }
  return planOf(upwards(noise)).privacy;
}

/** Refuses an `ε` at which whatever noise is off by, a part in 2^80, is more than `δ` by itself. */
function checkDelta({ epsilon, delta }: PrivacyOptions, rounds: number): void {
  const most = Math.log(delta / rounds) + MOST_LOG_DISTANCE;
  if (epsilon < most) return;
  throw new TributaryError(
    "task-refused",
    `Cannot keep ε = ${epsilon} at δ = ${delta} over ${rounds} rounds: expected at most ε = ${
      most.toFixed(0)
    }, beyond which clients' noise promises nothing`,
  );
}

function completeMechanism(
  options: MechanismOptions,
  { mask, clients, rounds }: PrivateRun,
): PrivacyMechanism {
  switch (options.kind) {
    case "skellam":
      return { shares: fewestOpened(mask, clients), ...options };
    case "gaussian":
      return options;
    case "ftrl": {
      const { separation, participations } = options;
      const { decay, weight } = options;
      if (decay !== undefined && weight !== undefined) return { ...options, decay, weight };
      return { ...options, ...chooseBlt({ rounds, separation, participations }) };
    }
    default:
      throw options satisfies never;
  }
}

/** What a plan spends over what it may: 1 or less where it keeps its promise. */
function spending(
  { rounds, sampling }: PrivateRun,
  { epsilon, delta }: PrivacyOptions,
  mechanism: PrivacyMechanism,
): (plan: { readonly privacy: PrivacyPlan; readonly grid: NoisyGrid }) => number {
  switch (mechanism.kind) {
    case "skellam":
      return ({ privacy, grid }) => spendOver(grid, privacy, { sums: rounds, sampling }) / epsilon;
    case "gaussian": {
      const rate = sampling.kind === "poisson" ? sampling.rate : 1;
      const needed = noiseFor({ epsilon, delta, rounds, rate });
      return ({ grid }) => needed * grid.l2 / grid.stddev;
    }
    case "ftrl": {
      const { separation, participations } = mechanism;
      const needed = gaussianNoise(epsilon, delta) *
        sensitivity(mechanism, { rounds, separation, participations });
      return ({ grid }) => needed * grid.l2 / grid.stddev;
    }
    default:
      throw mechanism satisfies never;
  }
}

/** The scale at which rounding costs little, or the largest one that fits. */
function fittingScale(gridAt: (scale: number) => NoisyGrid): number {
  const isIn = (scale: number): boolean =>
    refusedIsInfinite(() => Number(gridAt(scale) === undefined)) === 0;
  let low = 1;
  for (let i = 0; i < HALVINGS && !isIn(low); i++) low /= 2;
  let high = downwards(wantedScale(gridAt(low), low));
  if (isIn(high)) return high;
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (isIn(middle)) low = middle;
    else high = middle;
  }
  return downwards(low);
}

/**
 * The scale at which rounding costs little; where clients' noise would then be so wide that its table
 * leaves the processor's nearest memory, one at which it costs somewhat more.
 */
function wantedScale({ words, sensitivity, share }: NoisyGrid, scale: number): number {
  const [fine, coarse] = [FINE, COARSE].map((cost) => scaleFor(words, cost) / sensitivity);
  const narrow = WIDEST_SHARE * scale / Math.sqrt(share);
  return Math.min(fine ?? NaN, Math.max(coarse ?? NaN, narrow));
}

/** What `work` gives; infinite where it refuses the task. */
function refusedIsInfinite(work: () => number): number {
  try {
    return work();
  } catch (error) {
    if (isTributaryError(error, "task-refused")) return Infinity;
    throw error;
  }
}

/** Not less, of few digits. */
function upwards(value: number): number {
  const unit = 10 ** (Math.floor(Math.log10(value)) + 1 - DIGITS);
  return Number((Math.ceil(value / unit) * unit).toPrecision(DIGITS));
}

/** Not more, of few digits. */
function downwards(value: number): number {
  const unit = 10 ** (Math.floor(Math.log10(value)) + 1 - DIGITS);
  return Number((Math.floor(value / unit) * unit).toPrecision(DIGITS));
}
