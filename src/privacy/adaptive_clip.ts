/**
 * A bound that follows a quantile of the updates' norms: Andrew, Thakkar, McMahan and Ramaswamy,
 * "Differentially Private Learning with Adaptive Clipping", NeurIPS 2021 (arXiv 1905.03871).
 *
 * Each client says in one bit whether its norm is at most the bound. The bit travels in the update,
 * as one more value, so that the root sees how many they are and nobody else anything.
 *
 * @module
 */

/** How the bound moves. */
export interface ClipRule {
  /** Share of the updates that the bound should leave as they are, `γ` in `(0, 1)`. */
  readonly quantile: number;
  /** How far it moves at most in a round: by a factor `e^rate`, `η > 0`. */
  readonly rate: number;
}

/**
 * What a client's bit is sent as: half a one if its update is within the bound, else minus half a one,
 * so that a client moves the sum by half a one, and not by a whole one.
 *
 * @param norm  Before clipping.
 * @param bound What it is clipped to.
 */
export function clipBit(norm: number, bound: number): number {
  return norm <= bound ? 0.5 : -0.5;
}

/**
 * The next bound: `C·exp(−η(b̄ − γ))`, where `b̄` is the share of the updates that were within `C`. Where
 * more are within it than should be, it shrinks.
 *
 * @param bound   `C`.
 * @param bits    Sum of what {@link clipBit} gave, noised.
 * @param clients How many bits are in the sum, 1 or more.
 *
 * @example Everybody is within the bound, half of them should be
 * ```ts
 * import { nextClip } from "./adaptive_clip.ts";
 *
 * const next = nextClip(1, { bits: 4 * 0.5, clients: 4, quantile: 0.5, rate: 0.2 });
 * if (next.toFixed(4) !== "0.9048") throw new Error("the bound should shrink");
 * ```
 */
export function nextClip(
  bound: number,
  { bits, clients, quantile, rate }: ClipRule & {
    readonly bits: number;
    readonly clients: number;
  },
): number {
  const within = bits / clients + 0.5;
  return bound * Math.exp(-rate * (within - quantile));
}

/**
 * The factor of a client's bit beside an update whose bound is 1, so that the same noise on both is
 * `updateNoise` on the update and has a standard deviation of `countStddev` in the count of bits.
 */
export function clipBitScale(updateNoise: number, countStddev: number): number {
  return updateNoise / countStddev;
}

/**
 * The noise multiplier of the updates that gives update and bit together the multiplier `noise`:
 * `(z⁻² − (2σ_b)⁻²)^(−½)` (theorem 1).
 *
 * @param noise       Multiplier `z` of both together.
 * @param countStddev Standard deviation `σ_b` of the noise on the count of bits.
 * @throws {RangeError} If `z` is not below `2σ_b`: the bit alone would need more noise.
 */
export function updateNoise(noise: number, countStddev: number): number {
  if (!(noise > 0 && noise < 2 * countStddev)) {
    throw new RangeError(
      `Cannot split a noise multiplier of ${noise}: expected one above 0 and below twice the count's ` +
        `standard deviation, which is ${countStddev}`,
    );
  }
  return 1 / Math.sqrt(noise ** -2 - (2 * countStddev) ** -2);
}
