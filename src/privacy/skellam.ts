/**
 * Rényi divergence of Skellam noise on sums of integers, which the clients draw themselves in shares:
 * Agarwal, Kairouz and Liu, "The Skellam Mechanism for Differentially Private Federated Learning",
 * NeurIPS 2021.
 *
 * @module
 */
import type { RdpCurve } from "./rdp.ts";

/** Noise on an integer sum, and how far one client can move it. */
export interface SkellamNoise {
  /** Standard deviation of the noise on the sum, in steps of the grid. */
  readonly stddev: number;
  /** Largest L2 norm of one client's integers. */
  readonly l2: number;
  /** Largest L1 norm of one client's integers. */
  readonly l1: number;
}

/**
 * `α Δ₂²/2σ² + min(((2α − 1)Δ₂² + 6Δ₁)/4σ⁴, 3Δ₁/2σ²)` (theorem 3.1 with variance `σ²`), at whole orders from 2; infinite at others, for which
 * nothing is proved.
 */
export function skellamRdp({ stddev, l2, l1 }: SkellamNoise): RdpCurve {
  const variance = stddev * stddev;
  return (order) => {
    if (!Number.isInteger(order) || order < 2) return Infinity;
    const gaussian = order * l2 * l2 / (2 * variance);
    const rest = Math.min(
      ((2 * order - 1) * l2 * l2 + 6 * l1) / (4 * variance * variance),
      3 * l1 / (2 * variance),
    );
    return gaussian + rest;
  };
}

/** What a client rounds to the grid. */
export interface RoundedVector {
  /** Bound of its L2 norm before rounding, in steps of the grid. */
  readonly clip: number;
  /** Number of values. */
  readonly dim: number;
  /** Probability, at most, with which one rounding is longer than the bound and is drawn again. */
  readonly beta: number;
}

/**
 * How long a vector can become by stochastic rounding to whole numbers that is drawn again where it
 * passes the bound: `min(c² + d/4 + √(2 ln 1/β)·(c + √d/2), (c + √d)²)` for the square of the L2 norm
 * (Kairouz, Liu and Steinke, ICML 2021, equation 3); of whole numbers, L1 is at most the square of L2.
 */
export function roundedNorms({ clip, dim, beta }: RoundedVector): Pick<SkellamNoise, "l1" | "l2"> {
  const root = Math.sqrt(dim);
  const likely = clip * clip + dim / 4 + Math.sqrt(2 * Math.log(1 / beta)) * (clip + root / 2);
  const l2 = Math.min(Math.sqrt(likely), clip + root);
  return { l2, l1: l2 * Math.min(root, l2) };
}
