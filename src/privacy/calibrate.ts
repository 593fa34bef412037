/**
 * How much noise a budget asks for.
 *
 * @module
 */
import { bisectFalling } from "./bisect.ts";
import { type Charge, renyiEpsilon, spentEpsilon } from "./spend.ts";

/** What a run may spend, and how it runs. */
export interface Budget {
  /** `ε > 0`. */
  readonly epsilon: number;
  /** `δ` in `(0, 1)`. */
  readonly delta: number;
  /** Rounds, 1 or more. */
  readonly rounds: number;
  /** Probability with which each client takes part in a round, in `(0, 1]`. */
  readonly rate: number;
}

/** Relative precision of the noise. */
const TOLERANCE = 1e-5;

/**
 * The smallest Gaussian noise multiplier with which a run stays within its budget, never too small.
 *
 * @throws {RangeError} If no noise is enough, or the budget is out of range.
 *
 * @example
 * ```ts
 * import { noiseFor } from "./mod.ts";
 *
 * const noise = noiseFor({ epsilon: 1, delta: 1e-6, rounds: 10, rate: 1 });
 * if (noise.toFixed(2) !== "13.36") throw new Error("unexpected noise");
 * ```
 */
export function noiseFor(budget: Budget): number {
  const { epsilon, delta, rounds, rate } = checked(budget);
  const charge = (noise: number) =>
    [{ mechanism: { kind: "gaussian", noise, rate }, rounds }] as const;
  const spent = (of: (charges: readonly Charge[]) => number) => (noise: number): number =>
    noise === 0 ? Infinity : of(charge(noise));
  // Rényi accounting is quick and never below the truth: what it asks for is a place to start from.
  const enough = bisectFalling(spent((charges) => renyiEpsilon(charges, delta).epsilon), {
    bound: epsilon,
    start: 1,
    tolerance: 1e-3,
  });
  const noise = bisectFalling(spent((charges) => spentEpsilon(charges, delta)), {
    bound: epsilon,
    start: enough,
    tolerance: TOLERANCE,
  });
  if (noise === Infinity) {
    throw new RangeError(`Cannot meet ε = ${epsilon} at δ = ${delta}: no noise is enough`);
  }
  return noise;
}

function checked(budget: Budget): Budget {
  const { epsilon, delta, rounds, rate } = budget;
  const wrong = !(epsilon > 0 && Number.isFinite(epsilon))
    ? `an epsilon of ${epsilon}: expected a finite number above 0`
    : !(delta > 0 && delta < 1)
    ? `a delta of ${delta}: expected a number between 0 and 1`
    : !(Number.isSafeInteger(rounds) && rounds >= 1)
    ? `${rounds} rounds: expected a whole number, 1 or more`
    : !(rate > 0 && rate <= 1)
    ? `a rate of ${rate}: expected a number above 0 and up to 1`
    : undefined;
  if (wrong !== undefined) throw new RangeError(`Cannot find the noise for ${wrong}`);
  return budget;
}
