/**
 * The tail of the standard normal distribution, as its logarithm, so that what is far out keeps its
 * digits.
 *
 * @module
 */

/** Step of the trapezoidal rule for erfc, whose error falls as `exp(−π²/h²)`. */
const STEP = 0.5;

/**
 * `ln P(Z > x)` for a standard normal `Z`, to about 1e-14 of the probability.
 *
 * @example
 * ```ts
 * import { logUpperTail } from "./normal.ts";
 *
 * if (Math.abs(logUpperTail(0) - Math.log(0.5)) > 1e-15) throw new Error("not a half");
 * ```
 */
export function logUpperTail(x: number): number {
  if (x < 0) return Math.log1p(-Math.exp(logUpperTail(-x)));
  if (x === Infinity) return -Infinity;
  const t = x / Math.SQRT2;
  return Math.log(scaledErfc(t) / 2) - t * t;
}

/** `exp(t²)·erfc(t)` for `t ≥ 0`. */
function scaledErfc(t: number): number {
  if (t < 1) return Math.exp(t * t) - scaledErf(t);
  // The integral of exp(−s²)/(s² + t²) by the trapezoidal rule (Chiarella and Reichel,
  // Math. Comp. 22, 1968); what the poles at ±it add is known, and gone where t passes π/h.
  let sum = 1 / (2 * t * t);
  for (let k = 1; k <= 14; k++) {
    const s = STEP * k;
    sum += Math.exp(-s * s) / (s * s + t * t);
  }
  const poles = t < Math.PI / STEP ? 2 * Math.exp(t * t) / Math.expm1(2 * Math.PI * t / STEP) : 0;
  return 2 * STEP * t / Math.PI * sum - poles;
}

/** `exp(t²)·erf(t)` by its series, all of whose terms are positive. */
function scaledErf(t: number): number {
  let term = 2 / Math.sqrt(Math.PI) * t;
  let sum = 0;
  for (let n = 1; term > sum * 1e-17; n++) {
    sum += term;
    term *= 2 * t * t / (2 * n + 1);
  }
  return sum;
}
