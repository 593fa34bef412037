/**
 * The Gaussian mechanism without sampling, exactly: Balle and Wang, "Improving the Gaussian Mechanism
 * for Differential Privacy: Analytical Calibration and Optimal Denoising", ICML 2018, theorem 8.
 *
 * Noise is given as a multiplier `σ`: standard deviation over L2 sensitivity. Rounds compose by
 * `σ/√rounds`.
 *
 * @module
 */
import { bisectFalling } from "./bisect.ts";
import { logUpperTail } from "./normal.ts";

const TOLERANCE = 1e-13;

/**
 * Smallest `δ` for which noise `σ` gives (ε, δ): `Φ(1/2σ − εσ) − e^ε Φ(−1/2σ − εσ)`.
 *
 * @param noise   Multiplier `σ > 0`.
 * @param epsilon `ε ≥ 0`.
 */
export function gaussianDelta(noise: number, epsilon: number): number {
  const near = logUpperTail(epsilon * noise - 0.5 / noise);
  const far = epsilon + logUpperTail(epsilon * noise + 0.5 / noise);
  return Math.exp(near) * Math.max(0, -Math.expm1(far - near));
}

/**
 * Smallest `ε` for which noise `σ` gives (ε, δ).
 *
 * @param noise Multiplier `σ > 0`.
 * @param delta `δ` in `(0, 1)`.
 */
export function gaussianEpsilon(noise: number, delta: number): number {
  return bisectFalling((epsilon) => gaussianDelta(noise, epsilon), {
    bound: delta,
    start: 1,
    tolerance: TOLERANCE,
  });
}

/**
 * Smallest noise that gives (ε, δ).
 *
 * @param epsilon `ε ≥ 0`.
 * @param delta   `δ` in `(0, 1)`.
 *
 * @example The noise of one release at ε = 1
 * ```ts
 * import { gaussianNoise } from "./mod.ts";
 *
 * if (gaussianNoise(1, 1e-5).toFixed(4) !== "3.7306") throw new Error("unexpected noise");
 * ```
 */
export function gaussianNoise(epsilon: number, delta: number): number {
  return bisectFalling((noise) => noise === 0 ? 1 : gaussianDelta(noise, epsilon), {
    bound: delta,
    start: 1,
    tolerance: TOLERANCE,
  });
}
