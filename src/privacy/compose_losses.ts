/**
 * What many rounds lose together: the distribution of the sum of their losses, by one Fourier
 * transform a mechanism.
 *
 * @module
 */
import FFT from "fft.js";
import type { LossDistribution } from "./loss_distribution.ts";

/** A mechanism's losses, and how often it runs. */
export interface RepeatedLosses {
  /** Of one round. */
  readonly losses: LossDistribution;
  /** A whole number, 1 or more. */
  readonly rounds: number;
}

/** With the logarithms of all masses, which every bound of a tail asks for. */
interface LoggedLosses extends RepeatedLosses {
  readonly logs: Float64Array;
}

/** Probability, at most, of what is left out at either end of the composed grid. */
const TAIL = 1e-15;
/** What rounding in the transforms may add up to, so that `δ` counts it as lost. */
const ROUNDING = 1e-13;
/** Exponents at which tails are bounded: from the widest distributions to the narrowest. */
const EXPONENTS = Array.from({ length: 24 }, (_, i) => 2 ** (i - 6));

/**
 * The losses of all rounds together. Nothing is made smaller than it is: what lies above the grid
 * counts as infinite.
 *
 * @param parts All of one step; at least one.
 */
export function composeLosses(parts: readonly RepeatedLosses[]): LossDistribution {
  const step = parts[0]?.losses.step ?? 0;
  const tails = parts.map((part) => ({ ...part, logs: part.losses.masses.map(Math.log) }));
  const last = Math.min(
    reach(tails, 1),
    total(parts, ({ first, masses }) => first + masses.length - 1),
  );
  const first = Math.max(-reach(tails, -1), total(parts, ({ first }) => first));
  const size = 2 ** Math.max(1, Math.ceil(Math.log2(last - first + 1)));
  const transform = new FFT(size);
  let product: Float64Array | undefined;
  for (const { losses, rounds } of parts) {
    const powers = raised(spectrum(transform, losses), rounds);
    product = product === undefined ? powers : multiplied(product, powers);
  }
  const folded = new Float64Array(2 * size);
  transform.inverseTransform(folded, product ?? folded);
  const masses = new Float64Array(last - first + 1);
  for (let k = first; k <= last; k++) {
    masses[k - first] = Math.max(0, folded[2 * place(k, size)] ?? 0);
  }
  // Finite in all rounds, or infinite in one.
  const finite = parts.reduce(
    (product, { losses, rounds }) => product + rounds * Math.log1p(-losses.infinite),
    0,
  );
  return { step, first, masses, infinite: -Math.expm1(finite) + TAIL + ROUNDING };
}

function total(
  parts: readonly RepeatedLosses[],
  of: (losses: LossDistribution) => number,
): number {
  return parts.reduce((sum, { losses, rounds }) => sum + rounds * of(losses), 0);
}

/** How far up (or, with sign −1, down) the sum goes but for {@link TAIL}, in steps: Chernoff's bound. */
function reach(parts: readonly LoggedLosses[], sign: 1 | -1): number {
  const step = parts[0]?.losses.step ?? 0;
  let best = Infinity;
  for (const exponent of EXPONENTS) {
    const moments = parts.reduce(
      (sum, part) => sum + part.rounds * logMoment(part, sign * exponent),
      0,
    );
    best = Math.min(best, (moments - Math.log(TAIL)) / exponent);
  }
  return Math.ceil(best / step);
}

/** `ln Σ p·e^(λ·loss)` over the finite losses. */
function logMoment({ losses: { step, first }, logs }: LoggedLosses, exponent: number): number {
  let highest = -Infinity;
  const terms = logs.map((log, i) => {
    const term = log + exponent * step * (first + i);
    highest = Math.max(highest, term);
    return term;
  });
  return highest + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - highest), 0));
}

/** Where a loss lies on the circle that a transform works on. */
function place(index: number, size: number): number {
  return ((index % size) + size) % size;
}

/** Fourier transform, real and imaginary parts side by side. */
function spectrum(transform: FFT, { first, masses }: LossDistribution): Float64Array {
  const { size } = transform;
  const circle = new Float64Array(2 * size);
  masses.forEach((mass, i) => {
    const at = 2 * place(first + i, size);
    circle[at] = (circle[at] ?? 0) + mass;
  });
  const out = new Float64Array(2 * size);
  transform.transform(out, circle);
  return out;
}

/** Each complex number to a whole power, by repeated squaring. */
function raised(spectrum: Float64Array, power: number): Float64Array {
  const out = new Float64Array(spectrum.length);
  for (let i = 0; i < spectrum.length; i += 2) {
    let [re, im] = [1, 0];
    let [baseRe, baseIm] = [spectrum[i] ?? 0, spectrum[i + 1] ?? 0];
    for (let left = power; left > 0; left = Math.floor(left / 2)) {
      if (left % 2 === 1) [re, im] = [re * baseRe - im * baseIm, re * baseIm + im * baseRe];
      [baseRe, baseIm] = [baseRe * baseRe - baseIm * baseIm, 2 * baseRe * baseIm];
    }
    out[i] = re;
    out[i + 1] = im;
  }
  return out;
}

function multiplied(a: Float64Array, b: Float64Array): Float64Array {
  const out = new Float64Array(a.length);
  for (let i = 0; i < a.length; i += 2) {
    const [re, im, otherRe, otherIm] = [a[i] ?? 0, a[i + 1] ?? 0, b[i] ?? 0, b[i + 1] ?? 0];
    out[i] = re * otherRe - im * otherIm;
    out[i + 1] = re * otherIm + im * otherRe;
  }
  return out;
}
