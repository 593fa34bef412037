/**
 * The buffers that suit a run.
 *
 * @module
 */
import { type Blt, bltLoss, type Participation } from "./blt.ts";
import { minimise } from "./minimise.ts";

/** Most buffers: more bring nothing that can be measured. */
const MOST_BUFFERS = 4;
/** Part of the noise that another buffer has to save. */
const WORTHWHILE = 0.005;
/** Searches from where the last one ended, with a fresh simplex. */
const RESTARTS = 3;
/** Decays up to this far from 0 and 1, beyond which buffers are noise of one round, or of all. */
const EDGE = 1e-6;

/**
 * The strategy with the least noise in the prefix sums at equal privacy, with as few buffers as come
 * within half a percent of more.
 *
 * Each search begins at the integral `binomial(2i, i)/4^i = ∫ θ^i/(π√(θ(1−θ))) dθ` of the factorisation of one
 * participation, cut in as many parts as there are buffers.
 *
 * @throws {RangeError} If a number is not whole, or below 1.
 *
 * @example Less than half the noise of independent draws, for clients that come every twentieth round
 * ```ts
 * import { bltLoss, chooseBlt } from "./mod.ts";
 *
 * const schema = { rounds: 100, separation: 20, participations: 5 };
 * const loss = bltLoss(chooseBlt(schema), schema);
 * const independent = Math.sqrt(5) * Math.sqrt(101 / 2);
 * if (!(loss < 0.4 * independent)) throw new Error(`${loss / independent}`);
 * ```
 */
export function chooseBlt(schema: Participation): Blt {
  check(schema);
  let best = bltOf(schema, 1);
  for (let buffers = 2; buffers <= MOST_BUFFERS; buffers++) {
    const more = bltOf(schema, buffers);
    if (bltLoss(more, schema) > (1 - WORTHWHILE) * bltLoss(best, schema)) break;
    best = more;
  }
  return best;
}

/** The best that is found with so many buffers. */
function bltOf(schema: Participation, buffers: number): Blt {
  let place: readonly number[] = firstPlace(buffers);
  for (let i = 0; i < RESTARTS; i++) {
    place = minimise((x) => {
      const blt = bltAt(x);
      return isSound(blt) ? bltLoss(blt, schema) : Infinity;
    }, { start: place, stride: 0.5, tolerance: 1e-7, looks: 400 * buffers });
  }
  return sorted(bltAt(place));
}

/** Whether values fall from the main diagonal on, which {@link sensitivity} asks for. */
export function isSound({ decay, weight }: Blt): boolean {
  return decay.length === weight.length && decay.every((θ) => θ > 0 && θ < 1) &&
    weight.every((ω) => ω > 0) && weight.reduce((sum, ω) => sum + ω, 0) <= 1;
}

/** Logits of the decays, then logarithms of the weights: any numbers are a strategy, or nearly. */
function bltAt(x: readonly number[]): Blt {
  const half = x.length / 2;
  return {
    decay: x.slice(0, half).map((logit) => EDGE + (1 - 2 * EDGE) / (1 + Math.exp(-logit))),
    weight: x.slice(half).map(Math.exp),
  };
}

function firstPlace(buffers: number): number[] {
  // With θ = sin²φ the integral is (2/π)∫ sin^2i φ dφ over a quarter turn; c_i has θ^(i−1)·θ.
  const decay = Array.from(
    { length: buffers },
    (_, j) => Math.sin((j + 0.5) / buffers * Math.PI / 2) ** 2,
  );
  return [
    ...decay.map((θ) => Math.log(θ / (1 - θ))),
    ...decay.map((θ) => Math.log(θ / buffers)),
  ];
}

/** The longest memory first. */
function sorted({ decay, weight }: Blt): Blt {
  const order = decay.map((_, j) => j).sort((a, b) => (decay[b] ?? 0) - (decay[a] ?? 0));
  return { decay: order.map((j) => decay[j] ?? 0), weight: order.map((j) => weight[j] ?? 0) };
}

function check(schema: Participation): void {
  for (const [name, value] of Object.entries(schema)) {
    if (!(Number.isSafeInteger(value) && value >= 1)) {
      throw new RangeError(
        `Cannot choose buffers for ${name} ${value}: expected a whole number, 1 or more`,
      );
    }
  }
}
