/**
 * What each mechanism asks for under one budget, before there is a task: over a grid so fine that it
 * hardly lengthens an update.
 *
 * @module
 */
import { bisectFalling } from "./bisect.ts";
import { bltLoss, noiseCoefficients, type Participation, sensitivity } from "./blt.ts";
import { type Budget, noiseFor } from "./calibrate.ts";
import { chooseBlt } from "./choose_blt.ts";
import { gaussianNoise } from "./gaussian.ts";
import { roundedNorms } from "./skellam.ts";
import { type Charge, renyiEpsilon, spentEpsilon } from "./spend.ts";

/** Steps of the grid in the bound, over the root of the number of values: 1 part in 500 of rounding. */
const FINENESS = 8;
/** Probability with which a rounding is drawn again. */
const BETA = 1e-6;
/** Relative precision of the noise. */
const TOLERANCE = 1e-5;

/** A budget and what it is spent on. */
export interface NoiseBudget extends Budget {
  /** Values of an update, which rounding to whole numbers lengthens. */
  readonly values: number;
  /** Rounds between two of a client, at least, and rounds of a client, at most: for `ftrl`. */
  readonly schema: Omit<Participation, "rounds">;
}

/** What a mechanism asks for. */
export interface MechanismNoise {
  /** Standard deviation in each value of a round's sum, over the bound on one client's update. */
  readonly noise: number;
  /** The same in the sums over rounds: the root of the mean, over all rounds, of its square. */
  readonly total: number;
  /** What the whole run spends. */
  readonly epsilon: number;
}

/**
 * The noise of a mechanism that keeps a budget.
 *
 * @throws {RangeError} If the budget is out of range, or no noise is enough.
 *
 * @example Without sampling, noise that is taken back leaves the least in a sum over rounds
 * ```ts
 * import { budgetNoise } from "./mod.ts";
 *
 * const budget = {
 *   ...{ epsilon: 4, delta: 1e-6, rounds: 100, rate: 1, values: 1000 },
 *   schema: { separation: 20, participations: 5 },
 * };
 * const fresh = budgetNoise("gaussian", budget).total;
 * if (!(budgetNoise("ftrl", budget).total < 0.5 * fresh)) throw new Error("nothing was taken back");
 * ```
 */
export function budgetNoise(
  kind: "skellam" | "gaussian" | "ftrl",
  budget: NoiseBudget,
): MechanismNoise {
  const { epsilon, delta, rounds, rate } = budget;
  const fresh = Math.sqrt((rounds + 1) / 2);
  switch (kind) {
    case "gaussian": {
      const noise = noiseFor(budget);
      const charges = [{ mechanism: { kind, noise, rate }, rounds }] as const;
      return { noise, total: noise * fresh, epsilon: spentEpsilon(charges, delta) };
    }
    case "skellam": {
      const charges = (noise: number) => skellamCharges(noise, budget);
      const noise = bisectFalling(
        (noise) => noise === 0 ? Infinity : renyiEpsilon(charges(noise), delta).epsilon,
        { bound: epsilon, start: noiseFor(budget), tolerance: TOLERANCE },
      );
      if (noise === Infinity) {
        throw new RangeError(`Cannot meet ε = ${epsilon} at δ = ${delta}: no noise is enough`);
      }
      return { noise, total: noise * fresh, epsilon: spentEpsilon(charges(noise), delta) };
    }
    case "ftrl": {
      const schema = { rounds, ...budget.schema };
      const blt = chooseBlt(schema);
      const multiplier = gaussianNoise(epsilon, delta);
      return {
        noise: multiplier * sensitivity(blt, schema) * lengthOf(noiseCoefficients(blt, rounds)),
        total: multiplier * bltLoss(blt, schema),
        epsilon,
      };
    }
    default:
      throw kind satisfies never;
  }
}

function skellamCharges(
  noise: number,
  { rounds, rate, values }: NoiseBudget,
): readonly Charge[] {
  const clip = FINENESS * Math.sqrt(values);
  const norms = roundedNorms({ clip, dim: values, beta: BETA });
  return [{ mechanism: { kind: "skellam", stddev: noise * clip, ...norms, rate }, rounds }];
}

function lengthOf(row: Float64Array): number {
  return Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
}
