/**
 * What the best known lattice attacks on Learning With Errors cost, as core-SVP counts it: the two
 * attacks of "Post-quantum key exchange: a new hope" (Alkim, Ducas, Pöppelmann, Schwabe, USENIX 2016,
 * section 6), for secrets and errors of different widths.
 *
 * Core-SVP counts one call of a sieve in dimension `β` and nothing else: neither how often it is
 * called nor its memory, so it is below every finer estimate. The last column adds what the
 * Homomorphic Encryption Standard (Albrecht et al., 2018) adds: `8d` calls of `2^(0.292β + 16.4)`.
 *
 * Ring-LWE is treated as LWE with as many samples as an attack wants: no attack is known that gains
 * from the ring.
 *
 * @module
 */

/** An instance: `b = A·s + e mod q`. */
export interface LatticeInstance {
  /** Coefficients of the secret. */
  readonly degree: number;
  /** `log2 q`. */
  readonly logModulus: number;
  /** Standard deviation of a coefficient of the secret. */
  readonly secretWidth: number;
  /** Standard deviation of an error. */
  readonly errorWidth: number;
}

/** What an instance costs to break. */
export interface LatticeCost {
  /** Block size that the primal attack needs. */
  readonly blockSize: number;
  /** Samples that it is best off with. */
  readonly samples: number;
  /** `log2` of the primal attack's cost by core-SVP, with a classical sieve: `0.292·β`. */
  readonly primal: number;
  /** The same with a quantum sieve: `0.265·β`. */
  readonly quantum: number;
  /** `log2` of the dual attack's cost by core-SVP, repetitions included. */
  readonly dual: number;
  /** `log2` of the primal attack's cost as the Homomorphic Encryption Standard counts it. */
  readonly standard: number;
}

const CLASSICAL = 0.292;
const QUANTUM = 0.265;
/** One sieve gives so many short vectors, of which the dual attack uses all: `2^(0.2075·β)`. */
const VECTORS = 0.2075;
const SMALLEST_BLOCK = 60;

/** What the better of the two attacks costs, over all numbers of samples. */
export function latticeCost(instance: LatticeInstance): LatticeCost {
  const { blockSize, samples } = primalAttack(instance);
  const dimension = instance.degree + samples + 1;
  return {
    blockSize,
    samples,
    primal: CLASSICAL * blockSize,
    quantum: QUANTUM * blockSize,
    dual: dualAttack(instance),
    standard: CLASSICAL * blockSize + 16.4 + Math.log2(8 * dimension),
  };
}

/** `log2 δ` of BKZ with blocks of `β`: its first vector has length `δ^d · vol^(1/d)`. */
function logRootFactor(beta: number): number {
  return Math.log2((Math.PI * beta) ** (1 / beta) * beta / (2 * Math.PI * Math.E)) /
    (2 * (beta - 1));
}

/** Numbers of samples that are tried: the optimum is flat, and near the degree. */
function* sampleCounts(degree: number): Generator<number> {
  for (let m = degree / 4; m <= 3 * degree; m += Math.ceil(degree / 256)) yield m;
}

/**
 * Smallest block with which the vector `(e | ν·s | 1)`, `ν` being the ratio of widths, is found in
 * the lattice of all such vectors: `√β·σ ≤ δ^(2β−d−1) · (q^m · ν^n)^(1/d)`.
 */
function primalAttack(
  { degree, logModulus, secretWidth, errorWidth }: LatticeInstance,
): { readonly blockSize: number; readonly samples: number } {
  const logRatio = Math.log2(errorWidth / secretWidth);
  let best = { blockSize: Infinity, samples: 0 };
  for (const samples of sampleCounts(degree)) {
    const d = degree + samples + 1;
    const logVolume = (samples * logModulus + degree * logRatio) / d;
    const finds = (beta: number) =>
      Math.log2(beta) / 2 + Math.log2(errorWidth) <=
        (2 * beta - d - 1) * logRootFactor(beta) + logVolume;
    let [low, high] = [SMALLEST_BLOCK, Math.min(d, best.blockSize)];
    if (!finds(high)) continue;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (finds(middle)) high = middle;
      else low = middle;
    }
    if (high < best.blockSize) best = { blockSize: high, samples };
  }
  return best;
}

/**
 * Telling `b` from noise by short vectors `(x, y)` with `x·A = ν·y mod q`: of length `ℓ` they do so
 * with advantage `ε = exp(−2π²·(σℓ/q)²)`, and `1/ε²` of them are needed.
 */
function dualAttack(
  { degree, logModulus, secretWidth, errorWidth }: LatticeInstance,
): number {
  const logRatio = Math.log2(errorWidth / secretWidth);
  let best = Infinity;
  for (const samples of sampleCounts(degree)) {
    const d = degree + samples;
    for (let beta = SMALLEST_BLOCK; beta < d && CLASSICAL * beta < best; beta++) {
      const logLength = (d - 1) * logRootFactor(beta) + degree / d * (logModulus - logRatio);
      const relative = 2 ** (Math.log2(errorWidth) + logLength - logModulus);
      const logNeeded = 4 * Math.PI ** 2 * relative ** 2 * Math.LOG2E;
      best = Math.min(best, CLASSICAL * beta + Math.max(0, logNeeded - VECTORS * beta));
    }
  }
  return best;
}
