/**
 * The grid of a private task: how an update becomes whole numbers whose length is bounded exactly, and
 * how much noise a sum of them gets.
 *
 * A client's vector has every value of its update: those that its strategy sums, over the bound `C`,
 * and its weight and metrics, each clamped to its range, times a factor that makes them `extras` long
 * together. So one client moves a sum by a vector of norm `Δ = √(1 + extras² + …)` at most, whatever it
 * sends, and all that is opened of a round is covered by one noise. The vector is
 *
 * 1. rotated, in blocks: signs that everybody knows and a Hadamard transform;
 * 2. multiplied by `scale` steps and clamped to {@link NoisyGrid.signal};
 * 3. rounded stochastically, and again until its L2 norm is at most {@link NoisyGrid.l2}: the bound that
 *    the accountant takes for the sensitivity holds for the integers themselves, not in expectation;
 * 4. blurred by its share of the noise, where clients add it: Skellam of variance `σ²/shares`, given
 *    that it is at most {@link NoisyGrid.most}, which it is for all clients and values of a sum but with
 *    probability 2^-80. Noise is never clamped.
 *
 * Why blocks will do. Rotated, a value of a block of `B` is a sum of the block's values with random
 * signs over `√B`: beyond `t` times the vector's norm over `√B` it lies with probability `2e^(−t²/2)`
 * at most (Hoeffding). At `B = 4096` no value of a million is above 0.15 of the norm but once in 2^40
 * updates, which is 7 bits less than without; a single transform of 2^20 would save 4 bits more of
 * what is below the noise's own tail anyway. Who clamps then only shortens its own vector.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import { sizeOf, type TensorSpec } from "../core/tensor.ts";
import { METRIC_PREFIX, WEIGHT_TENSOR } from "../core/trainer.ts";
import type { PrivacyPlan } from "../wire/privacy_plan.ts";
import { LEAST_BLOCK, MOST_STEPS, NOISE_RUN } from "../wasm/noise.ts";
import { clipBitScale } from "./adaptive_clip.ts";
import { bisectFalling } from "./bisect.ts";
import { CLIP_BIT } from "./root_privacy.ts";
import { roundedNorms } from "./skellam.ts";
import { logSkellamTail, MOST_ENTRIES, tableLength } from "./skellam_table.ts";

/** Probability, at most, with which a rounding is too long and is drawn again. */
const ROUNDING_BETA = 1e-6;
/** Logarithm of the probability, at most, that a value of an update is clamped. */
const CLAMPED = -40 * Math.LN2;
/** Logarithm of the probability, at most, that noise of a sum would leave its slot. */
const OVERFLOW = -80 * Math.LN2;
/** What an entry of a table of noise counts in. */
const ENTRY_UNIT = 2 ** -127;

/** Longest block that is rotated. */
const MOST_BLOCK = 4096;
/** Padding that is worth nothing: less than a polynomial holds. */
const FREE_PADDING = 1024;

/** What a grid is made from. */
export interface NoisyPlan {
  /** Tensors of the update, each value within ±range. */
  readonly tensors: readonly (TensorSpec & { readonly range: number })[];
  /** Largest magnitude that an update's words have room for. */
  readonly limit: number;
  /** Most updates in one sum. */
  readonly maxClients: number;
  /** What the task promises. */
  readonly privacy: PrivacyPlan;
}

/** How the values of a private update lie and how far they go, in steps where not said otherwise. */
export interface NoisyGrid {
  /** Values of the update. */
  readonly values: number;
  /** Values of a block of the rotation. */
  readonly block: number;
  /** Values with the padding of the last block. */
  readonly words: number;
  /** Factors of weight, metrics and the clip's bit; all other values are divided by the bound. */
  readonly factors: ReadonlyMap<string, number>;
  /** `Δ`: norm of a client's vector at most, in units of the bound. */
  readonly sensitivity: number;
  /** Norm of a client's integers, at most. */
  readonly l2: number;
  /** L1 norm of a client's integers, at most. */
  readonly l1: number;
  /** What rotated values are clamped to before they are rounded. */
  readonly signal: number;
  /** Standard deviation `σ` of the noise in each value of a sum that is counted on. */
  readonly stddev: number;
  /** Variance of each client's share; 0 where the root adds the noise. */
  readonly share: number;
  /** Largest magnitude of a client's noise. */
  readonly most: number;
  /**
   * How far the noise of all clients together may be, in total variation, from independent Skellam
   * variables: what is drawn again where it would leave its slot, what a table is rounded to, and runs
   * of samples of which two are decided by the lower bits that they share.
   */
  readonly distance: number;
}

/** Values of a block for so many values: the longest whose padding costs little. */
export function blockFor(values: number): number {
  let block = MOST_BLOCK;
  while (block > LEAST_BLOCK && block >= 2 * values) block /= 2;
  const padding = (block: number): number => wordsFor(values, block) - values;
  while (block > LEAST_BLOCK && padding(block) > Math.max(FREE_PADDING, values / 16)) block /= 2;
  return block;
}

/** Values with the padding of the last block. */
export function wordsFor(values: number, block: number = blockFor(values)): number {
  return block * Math.ceil(values / block);
}

/**
 * Steps of the norm of a vector of so many values at which rounding makes it longer by a factor of at
 * most `cost`, which is above 1.
 */
export function scaleFor(words: number, cost: number): number {
  const costOf = (clip: number): number =>
    clip === 0 ? Infinity : roundedNorms({ clip, dim: words, beta: ROUNDING_BETA }).l2 / clip;
  return bisectFalling(costOf, { bound: cost, start: Math.sqrt(words), tolerance: 1e-6 });
}

/** What is the same for every amount of noise. */
type GridShape = Pick<
  NoisyGrid,
  "values" | "block" | "words" | "factors" | "sensitivity" | "l2" | "l1" | "signal" | "stddev"
>;

/**
 * The grid of a plan.
 *
 * @throws {TributaryError} `task-refused` if updates and noise do not fit their slots.
 */
export function noisyGrid({ tensors, limit, maxClients, privacy }: NoisyPlan): NoisyGrid {
  const shape = gridShape(tensors, privacy);
  const { words, signal, stddev } = shape;
  const { mechanism } = privacy;
  if (!(signal < limit && signal <= MOST_STEPS)) {
    refuse(
      `Cannot round an update to ${privacy.scale} steps: its values take up to ${signal}, ` +
        `expected fewer than the ${Math.min(limit, MOST_STEPS)} that slots have room for`,
    );
  }
  if (mechanism.kind !== "skellam") return { ...shape, share: 0, most: 0, distance: 0 };
  const share = stddev * stddev / mechanism.shares;
  const most = limit - signal;
  const leaves = Math.log(words) + Math.log(maxClients) + logSkellamTail(most + 1, share);
  // Written so that noise beyond all numbers is refused as well.
  if (!(leaves <= OVERFLOW)) {
    refuse(
      `Cannot fit noise of standard deviation ${
        round(Math.sqrt(share))
      } of ${maxClients} clients: ` +
        `a slot has room for ${most} steps of it, expected it to leave them less than once in 2^80 sums`,
    );
  }
  const entries = tableLength({ variance: share, most });
  if (entries > MOST_ENTRIES) {
    refuse(
      `Cannot draw noise of a standard deviation of ${
        round(Math.sqrt(share))
      } steps: expected so few that its table has at most ${MOST_ENTRIES} entries`,
    );
  }
  const runs = Math.ceil(words / NOISE_RUN);
  const rounding = words * entries + runs * (NOISE_RUN * entries) ** 2;
  const distance = Math.exp(OVERFLOW) + maxClients * rounding * ENTRY_UNIT;
  return { ...shape, share, most, distance };
}

function gridShape(tensors: NoisyPlan["tensors"], privacy: PrivacyPlan): GridShape {
  const { clip, noise, extras, scale, adaptiveClip } = privacy;
  const values = tensors.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const [block, words] = [blockFor(values), wordsFor(values)];
  const single = tensors.filter(({ name }) =>
    name === WEIGHT_TENSOR || name.startsWith(METRIC_PREFIX)
  );
  const factors = new Map(
    single.map(({ name, range }) => [name, extras / (range * Math.sqrt(single.length))] as const),
  );
  let square = 1 + (single.length === 0 ? 0 : extras * extras);
  if (adaptiveClip !== undefined) {
    const factor = clipBitScale(noise, adaptiveClip.countNoise);
    factors.set(CLIP_BIT, factor);
    square += factor * factor / 4;
  }
  if (!(clip > 0)) throw new RangeError(`Cannot bound updates by ${clip}: expected more than 0`);
  const sensitivity = Math.sqrt(square);
  const length = scale * sensitivity;
  const spread = Math.sqrt(2 * (Math.log(2 * words) - CLAMPED) / block);
  return {
    ...{ values, block, words, factors, sensitivity },
    ...roundedNorms({ clip: length, dim: words, beta: ROUNDING_BETA }),
    signal: Math.ceil(length * Math.min(1, spread)),
    stddev: noise * scale,
  };
}

/** Three digits. */
function round(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function refuse(detail: string): never {
  throw new TributaryError("task-refused", detail);
}
