/**
 * Privacy loss distributions: how much more likely an outcome is with a client than without, as a
 * distribution over a grid. What rounds lose together is a convolution, and `δ(ε)` is read off.
 *
 * @module
 */

/** A distribution of privacy losses that never makes a loss smaller than it is. */
export interface LossDistribution {
  /** Distance of two losses on the grid. */
  readonly step: number;
  /** The first mass is that of the loss `first · step`. */
  readonly first: number;
  /** Probabilities of the losses from `first` on. */
  readonly masses: Float64Array;
  /** Probability of an infinite loss. */
  readonly infinite: number;
}

/**
 * The distribution over a grid whose `δ(ε)` is that of a mechanism at every point, and linear in `e^ε`
 * between them: above the true one, which is convex, and the least such (Doroshenko et al., "Connect
 * the Dots: Tighter Discrete Approximations of Privacy Loss Distributions", PETS 2022).
 *
 * @param delta The mechanism's `δ(ε)`, for negative `ε` too.
 */
export function connectTheDots(
  delta: (epsilon: number) => number,
  { step, first, last }: { readonly step: number; readonly first: number; readonly last: number },
): LossDistribution {
  const masses = new Float64Array(last - first + 1);
  let here = delta(first * step);
  // Over the loss's own e^ε throughout, which by itself would leave the range of numbers.
  let carried = 1 - here;
  for (let k = first; k < last; k++) {
    const next = delta((k + 1) * step);
    const above = (here - next) / Math.expm1(step);
    masses[k - first] = Math.max(0, carried - above);
    carried = above * Math.exp(step);
    here = next;
  }
  masses[last - first] = Math.max(0, carried);
  return { step, first, masses, infinite: Math.max(0, here) };
}

/**
 * The smallest `ε ≥ 0` with `δ(ε) ≤ delta`; infinite if there is none on the grid.
 *
 * @param delta In `(0, 1)`.
 */
export function lossEpsilon(losses: LossDistribution, delta: number): number {
  const { step, first, masses, infinite } = losses;
  // Over all losses above a place: Σ p, and Σ p·e^(place − loss). There δ is ∞'s + the one − the other.
  let above = 0;
  let scaled = 0;
  let place = first + masses.length - 1;
  for (; place >= first && infinite + above - scaled <= delta; place--) {
    if (place <= 0) return 0;
    const mass = masses[place - first] ?? 0;
    above += mass;
    scaled = (scaled + mass) * Math.exp(-step);
  }
  const rest = infinite + above - delta;
  // Up to the next place above, δ is linear in e^ε.
  return rest <= 0 ? 0 : Math.max(0, place * step + Math.log(rest / scaled));
}
