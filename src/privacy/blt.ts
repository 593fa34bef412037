/**
 * Buffered linear Toeplitz factorisations of prefix sums, by which noise of one round is partly taken
 * back in the next ones: Dvijotham, McMahan, Pillutla, Steinke and Thakurta, "Efficient and
 * Near-Optimal Noise Generation for Streaming Differential Privacy", FOCS 2024; for clients that come
 * again McMahan, Xu and Zhang, "A Hassle-free Algorithm for Strong Differential Privacy in Federated
 * Learning Systems", EMNLP 2024.
 *
 * A model that sums updates sees the prefix sums `A·x` of the rounds' sums `x`. With `A = B·C` the
 * root releases `B·(C·x + z) = A·(x + C⁻¹z)` for independent normal `z`: a Gaussian mechanism on
 * `C·x`, whose noise in round `t` is row `t` of `C⁻¹z`. `C` is lower triangular and the same on each
 * diagonal: 1, then `c_i = Σ_j ω_j·θ_j^(i−1)`, so that a round's noise needs one buffer a `j`.
 *
 * @module
 */

/** The buffers of a strategy. */
export interface Blt {
  /** What of each buffer stays from round to round, `θ` in `(0, 1)`. */
  readonly decay: readonly number[];
  /** How much of each buffer is taken back, `ω > 0`, together at most 1. */
  readonly weight: readonly number[];
}

/** Who may come how often. */
export interface Participation {
  /** Rounds that are released. */
  readonly rounds: number;
  /** Rounds from one that a client is in to the next that it may be in, at least; 1 for no rule. */
  readonly separation: number;
  /** Rounds that a client may be in, at most. */
  readonly participations: number;
}

/** The first `rounds` values of `C`'s diagonals, from the main one down. */
export function strategyCoefficients({ decay, weight }: Blt, rounds: number): Float64Array {
  const coefficients = new Float64Array(rounds);
  const powers = decay.map(() => 1);
  coefficients[0] = 1;
  for (let i = 1; i < rounds; i++) {
    let sum = 0;
    for (let j = 0; j < decay.length; j++) {
      const power = powers[j] ?? 0;
      sum += (weight[j] ?? 0) * power;
      powers[j] = power * (decay[j] ?? 0);
    }
    coefficients[i] = sum;
  }
  return coefficients;
}

/** The first `rounds` values of the diagonals of `C⁻¹`: what a round's noise does to later rounds. */
export function noiseCoefficients(blt: Blt, rounds: number): Float64Array {
  const { decay, weight } = blt;
  const buffers = decay.map(() => 0);
  return new Float64Array(rounds).map((_, i) => {
    let value = i === 0 ? 1 : 0;
    for (let j = 0; j < buffers.length; j++) value -= (weight[j] ?? 0) * (buffers[j] ?? 0);
    for (let j = 0; j < buffers.length; j++) {
      buffers[j] = (decay[j] ?? 0) * (buffers[j] ?? 0) + value;
    }
    return value;
  });
}

/**
 * How far one client can move `C·x`, in units of the bound on its update: the length of the sum of the
 * columns `0, b, 2b, …`, as many as it may be in. Columns of falling values, none below 0, have no sum
 * that is longer (Kalinin and Lampert, "Banded Square Root Matrix Factorization for Differentially
 * Private Model Training", NeurIPS 2024, theorem 2).
 */
export function sensitivity(blt: Blt, schema: Participation): number {
  return sensitivityOf(strategyCoefficients(blt, schema.rounds), schema);
}

/** The same of the diagonals of any `C` whose values fall and are not below 0. */
export function sensitivityOf(coefficients: Float64Array, schema: Participation): number {
  const { rounds, separation } = schema;
  const times = mostParticipations(schema);
  const sums = new Float64Array(rounds);
  let squares = 0;
  for (let row = 0; row < rounds; row++) {
    // That of the row a separation before, with a column more and, where there are enough, one less.
    const [before, first] = [row - separation, row - times * separation];
    const sum = (coefficients[row] ?? 0) + (before < 0 ? 0 : sums[before] ?? 0) -
      (first < 0 ? 0 : coefficients[first] ?? 0);
    sums[row] = sum;
    squares += sum * sum;
  }
  return Math.sqrt(squares);
}

/** Rounds that a client can be in, by both rules. */
function mostParticipations({ rounds, separation, participations }: Participation): number {
  return Math.min(participations, Math.ceil(rounds / separation));
}

/**
 * Root of the mean, over all rounds, of the variance that noise of variance 1 leaves in the prefix sum:
 * `‖A·C⁻¹‖_F / √rounds`.
 */
export function prefixError(blt: Blt, rounds: number): number {
  const noise = noiseCoefficients(blt, rounds);
  let prefix = 0;
  let squares = 0;
  for (let i = 0; i < rounds; i++) {
    prefix += noise[i] ?? 0;
    squares += prefix * prefix * (rounds - i);
  }
  return Math.sqrt(squares / rounds);
}

/** What a strategy is chosen by: noise in the prefix sums at equal privacy. */
export function bltLoss(blt: Blt, schema: Participation): number {
  return sensitivity(blt, schema) * prefixError(blt, schema.rounds);
}
