/**
 * What Poisson sampling does to the Rényi divergence of any mechanism.
 *
 * @module
 */
import type { RdpCurve } from "./rdp.ts";

/**
 * The curve of a mechanism that runs on a Poisson sample, at whole orders from 2; infinite at others.
 *
 * `((1 − q)^(α−1)(αq − q + 1) + C(α,2) q²(1 − q)^(α−2) e^RDP(2) + 3 Σ_{j≥3} C(α,j) q^j (1 − q)^(α−j)
 * e^((j−1)RDP(j)))`, its logarithm over `α − 1` (Zhu and Wang, "Poisson Subsampled Rényi Differential
 * Privacy", ICML 2019, theorem 6), and never more than the mechanism without sampling.
 *
 * @param curve The mechanism on all clients.
 * @param rate  Probability `q` with which each client takes part, in `(0, 1]`.
 */
export function amplifiedByPoisson(curve: RdpCurve, rate: number): RdpCurve {
  if (rate === 1) return curve;
  const [stay, take] = [Math.log1p(-rate), Math.log(rate)];
  return (order) => {
    if (!Number.isInteger(order) || order < 2) return Infinity;
    const whole = curve(order);
    let binomial = Math.log(order * (order - 1) / 2);
    const terms = [
      (order - 1) * stay + Math.log1p((order - 1) * rate),
      binomial + 2 * take + (order - 2) * stay + curve(2),
    ];
    for (let j = 3; j <= order; j++) {
      binomial += Math.log((order - j + 1) / j);
      terms.push(
        Math.log(3) + binomial + j * take + (order - j) * stay + (j - 1) * curve(j),
      );
    }
    const highest = Math.max(...terms);
    const sum = terms.reduce((sum, term) => sum + Math.exp(term - highest), 0);
    return Math.min(whole, (highest + Math.log(sum)) / (order - 1));
  };
}
