/**
 * The rate of a Poisson sample that fits a round.
 *
 * @module
 */

/** `−ln` of the probability with which a sample may be too large: one in 10^9. */
const RARE = 9 * Math.LN10;
/** Halvings of an interval within [0, 1] that leave nothing of it to float64. */
const HALVINGS = 53;

/**
 * The largest rate up to `rate` with which a Poisson sample of `clients` has more than `most` members
 * less than once in 10^9 rounds.
 *
 * By Chernoff's bound, `P(X ≥ k) ≤ exp(−n · KL(k/n ‖ rate))`: at most a few standard deviations lower
 * than it would have to be. Where all clients fit, the rate stays what it is.
 */
export function rateThatFits(rate: number, clients: number, most: number): number {
  const isRare = (lower: number) =>
    clients * divergence((most + 1) / clients, lower) >= RARE && lower * clients <= most;
  if (clients <= most || isRare(rate)) return rate;
  let [low, high] = [0, rate];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (isRare(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** Kullback–Leibler divergence of a coin of probability `a` from one of `b`. */
function divergence(a: number, b: number): number {
  const rest = a < 1 ? (1 - a) * Math.log((1 - a) / (1 - b)) : 0;
  return b === 0 ? Infinity : a * Math.log(a / b) + rest;
}
