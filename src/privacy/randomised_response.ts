/**
 * Randomised response: a single value out of a few, made deniable on the device itself, so that nobody
 * has to be trusted with it: Warner, JASA 60:309, 1965; with any number of values and its optimality
 * Kairouz, Bonawitz and Ramage, "Discrete Distribution Estimation under Local Privacy", ICML 2016.
 *
 * @module
 */
import type { RandomSource } from "../core/random.ts";
import type { RdpCurve } from "./rdp.ts";

/** What a response may be, and how deniable it is. */
export interface ResponseOptions {
  /** Number of values, 2 or more. */
  readonly choices: number;
  /** `ε > 0` of one response: no value makes any answer more than `e^ε` times as likely as another. */
  readonly epsilon: number;
}

/** Draws are made in steps of 2^−52. */
const STEPS = 2 ** 52;
const MOST_CHOICES = 2 ** 20;

/** Chance of the true value, in steps, rounded down so that `ε` is not passed. */
function trueSteps({ choices, epsilon }: ResponseOptions): number {
  if (!(Number.isSafeInteger(choices) && choices >= 2 && choices <= MOST_CHOICES)) {
    throw new RangeError(
      `Cannot respond with one of ${choices} values: expected a whole number from 2 to ${MOST_CHOICES}`,
    );
  }
  if (!(epsilon > 0 && epsilon <= 32)) {
    throw new RangeError(
      `Cannot respond at ε = ${epsilon}: expected a number above 0 and up to 32`,
    );
  }
  return Math.floor(STEPS / (1 + (choices - 1) * Math.exp(-epsilon)) * (1 - 2 ** -48));
}

/**
 * A client's answer: its value with probability `e^ε/(e^ε + k − 1)`, else any other, all alike.
 *
 * @param value  From 0 to `choices − 1`.
 * @param random A CSPRNG.
 * @throws {RangeError} If the value or an option is out of range.
 *
 * @example Without noise to speak of
 * ```ts
 * import { systemRandom } from "../core/random.ts";
 * import { randomisedResponse } from "./mod.ts";
 *
 * const answer = randomisedResponse(2, { choices: 4, epsilon: 32, random: systemRandom });
 * if (answer !== 2) throw new Error("as likely as one in ten billion");
 * ```
 */
export function randomisedResponse(
  value: number,
  options: ResponseOptions & { readonly random: RandomSource },
): number {
  const { choices, random } = options;
  const steps = trueSteps(options);
  if (!(Number.isInteger(value) && value >= 0 && value < choices)) {
    throw new RangeError(
      `Cannot respond with value ${value}: expected a whole number from 0 to ${choices - 1}`,
    );
  }
  if (drawSteps(random) < steps) return value;
  const other = drawBelow(choices - 1, random);
  return other < value ? other : other + 1;
}

/**
 * How many clients hold each value, estimated from their answers without bias: `(c_j − n·q)/(p − q)`,
 * with `p` and `q` the chances of the true and of each other value. Estimates may be below 0.
 *
 * @param counts Answers, counted by value; as many as there are choices.
 * @throws {RangeError} If there are more or fewer counts, or an option is out of range.
 */
export function estimateCounts(
  counts: ArrayLike<number>,
  options: ResponseOptions,
): Float64Array {
  const { choices } = options;
  const { keep, other } = chances(options);
  if (counts.length !== choices) {
    throw new RangeError(
      `Cannot estimate from ${counts.length} counts: expected ${choices}, one for each value`,
    );
  }
  const all = Array.from(counts).reduce((sum, count) => sum + count, 0);
  return Float64Array.from(counts, (count) => (count - all * other) / (keep - other));
}

/**
 * Standard deviation of an estimate of {@link estimateCounts}, of `clients` of whom `holders` hold the
 * value.
 */
export function estimateStddev(
  { clients, holders }: { readonly clients: number; readonly holders: number },
  options: ResponseOptions,
): number {
  const { keep, other } = chances(options);
  const variance = holders * keep * (1 - keep) + (clients - holders) * other * (1 - other);
  return Math.sqrt(variance) / (keep - other);
}

/** The chances that {@link randomisedResponse} has: of the true value, and of each other one. */
export function chances(options: ResponseOptions): { keep: number; other: number } {
  const keep = trueSteps(options) / STEPS;
  return { keep, other: (1 - keep) / (options.choices - 1) };
}

/**
 * Rényi divergence between the answers of two values, exactly:
 * `ln(p^α·q^(1−α) + q^α·p^(1−α) + (k − 2)·q) / (α − 1)`.
 */
export function responseRdp(options: ResponseOptions): RdpCurve {
  const { keep, other } = chances(options);
  const [p, q] = [Math.log(keep), Math.log(other)];
  return (order) => {
    const terms = [
      order * p + (1 - order) * q,
      order * q + (1 - order) * p,
      ...(options.choices > 2 ? [Math.log(options.choices - 2) + q] : []),
    ];
    const highest = Math.max(...terms);
    const sum = terms.reduce((sum, term) => sum + Math.exp(term - highest), 0);
    return (highest + Math.log(sum)) / (order - 1);
  };
}

/** Uniform in `[0, 2^52)`. */
function drawSteps(random: RandomSource): number {
  const bytes = random(8);
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  return (view.getUint32(0) >>> 12) * 2 ** 32 + view.getUint32(4);
}

/** Uniform in `[0, bound)`: what would make some likelier than others is drawn again. */
function drawBelow(bound: number, random: RandomSource): number {
  const most = STEPS - STEPS % bound;
  for (;;) {
    const draw = drawSteps(random);
    if (draw < most) return draw % bound;
  }
}
