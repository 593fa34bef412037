/**
 * Rényi differential privacy: curves that add up over rounds, and what (ε, δ) they amount to
 * (Mironov, CSF 2017).
 *
 * @module
 */

/** Rényi divergence of order `α > 1` that one release has at most; infinite where none is known. */
export type RdpCurve = (order: number) => number;

/** Orders at which curves are looked at: fine where most answers lie, then ever coarser. */
export const RDP_ORDERS: readonly number[] = [
  ...Array.from({ length: 99 }, (_, i) => (11 + i) / 10),
  ...Array.from({ length: 53 }, (_, i) => 11 + i),
  ...[80, 96, 128, 192, 256, 512, 1024],
];

/** A bound, and the order that gave it. */
export interface RdpBound {
  /** `ε ≥ 0`; infinite if no order gives one. */
  readonly epsilon: number;
  /** Order `α` with the smallest `ε`. */
  readonly order: number;
}

/**
 * The smallest `ε` that a curve gives at `δ`, over some orders: `ε = RDP(α) + ln(1 − 1/α) −
 * ln(δα)/(α − 1)` (Canonne, Kamath and Steinke, NeurIPS 2020, proposition 12).
 *
 * @param delta `δ` in `(0, 1)`.
 *
 * @example
 * ```ts
 * import { rdpEpsilon } from "./mod.ts";
 *
 * // Gaussian noise of multiplier 1: RDP(α) = α/2.
 * const { epsilon } = rdpEpsilon((order) => order / 2, 1e-5);
 * if (epsilon.toFixed(3) !== "4.729") throw new Error("unexpected bound");
 * ```
 */
export function rdpEpsilon(
  curve: RdpCurve,
  delta: number,
  orders: readonly number[] = RDP_ORDERS,
): RdpBound {
  let best: RdpBound = { epsilon: Infinity, order: NaN };
  for (const order of orders) {
    const rdp = curve(order);
    const bound = isNegligible(rdp, delta)
      ? 0
      : rdp + Math.log1p(-1 / order) - Math.log(delta * order) / (order - 1);
    const epsilon = Math.max(0, bound);
    if (epsilon < best.epsilon) best = { epsilon, order };
  }
  return best;
}

/**
 * Whether the divergence alone gives (0, δ): the total variation is at most `√(1 − e^−KL)`
 * (Bretagnolle and Huber), and a Rényi divergence is at least the KL one.
 */
function isNegligible(rdp: number, delta: number): boolean {
  return delta * delta + Math.expm1(-rdp) >= 0;
}
