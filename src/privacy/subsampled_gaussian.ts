/**
 * Rényi divergence of Gaussian noise on a sum over a Poisson sample of the clients.
 *
 * @module
 */
import type { RdpCurve } from "./rdp.ts";

/** Noise of one round, and who is in it. */
export interface SampledNoise {
  /** Standard deviation over the L2 sensitivity: the largest norm of one client's update. */
  readonly noise: number;
  /** Probability with which each client takes part, by itself, in `(0, 1]`. */
  readonly rate: number;
}

/** How far out, in standard deviations, the integrand is summed. */
const REACH = 12;
/** Steps to a standard deviation. */
const STEPS = 8;

/**
 * `RDP(α) = ln E[((1 − q) + q·exp((2z − 1)/2σ²))^α] / (α − 1)` for `z ~ N(0, σ²)`, of any order above
 * 1 (Mironov, Talwar and Zhang 2019, "Rényi Differential Privacy of the Sampled Gaussian Mechanism",
 * theorems 4 and 5: adding a client gives no more than removing one).
 *
 * The expectation is summed by the trapezoidal rule, whose error falls exponentially with the step
 * for a function that is analytic around the real line, as this one is within `πσ²` of it.
 */
export function subsampledGaussianRdp({ noise, rate }: SampledNoise): RdpCurve {
  const variance = noise * noise;
  if (rate === 1) return (order) => order / (2 * variance);
  const [stay, take] = [Math.log1p(-rate), Math.log(rate)];
  const step = Math.min(noise / STEPS, variance / 2);
  return (order) => {
    // The integrand's mass lies between that of nobody, at 0, and that of somebody, at `order`.
    const first = Math.floor(-REACH * noise / step);
    const last = Math.ceil((order + REACH * noise) / step);
    let highest = -Infinity;
    let sum = 0;
    for (let i = first; i <= last; i++) {
      const z = i * step;
      const mixed = logAdd(stay, take + (2 * z - 1) / (2 * variance));
      const term = order * mixed - z * z / (2 * variance);
      if (term > highest) {
        sum = sum * Math.exp(highest - term) + 1;
        highest = term;
      } else {
        sum += Math.exp(term - highest);
      }
    }
    const norm = Math.log(step / (noise * Math.sqrt(2 * Math.PI)));
    return Math.max(0, highest + Math.log(sum) + norm) / (order - 1);
  };
}

/** `ln(e^a + e^b)`. */
function logAdd(a: number, b: number): number {
  const [low, high] = a < b ? [a, b] : [b, a];
  return high + Math.log1p(Math.exp(low - high));
}
