/**
 * kahe1 once more, slowly and from its definition: transforms term by term, products by hand, the
 * Chinese remainders and the Gaussian's tables in whole numbers. It shares no code with the core.
 *
 * @module
 */
import { chachaBlock } from "../wasm/chacha_testing.ts";

/** A ring, with roots of order 2N. */
export interface ReferenceRing {
  readonly degree: number;
  readonly primes: readonly { readonly p: number; readonly psi: number }[];
}

/** P1 and P2. */
export const REFERENCE_RINGS: Readonly<Record<"P1" | "P2", ReferenceRing>> = {
  P1: {
    degree: 2048,
    primes: [{ p: 134176769, psi: 51394918 }, { p: 134111233, psi: 97796203 }],
  },
  P2: {
    degree: 4096,
    primes: [
      { p: 1073692673, psi: 510015274 },
      { p: 1073668097, psi: 1047115509 },
      { p: 1073651713, psi: 724005969 },
    ],
  },
};

/** Words of a keystream from block 0. */
function* keystream(key: Uint8Array, nonce: readonly number[]): Generator<number> {
  for (let counter = 0;; counter++) yield* chachaBlock(key, counter, nonce);
}

/** Uniform residues: words cut to the prime's bits, those that are too large left out. */
export function uniform(
  count: number,
  { p, key, nonce }: { p: number; key: Uint8Array; nonce: readonly number[] },
): number[] {
  const bits = p.toString(2).length;
  const out: number[] = [];
  for (const word of keystream(key, nonce)) {
    if (out.length === count) break;
    const cut = Number(BigInt.asUintN(bits, BigInt(word)));
    if (cut < p) out.push(cut);
  }
  return out;
}

/** `2^127 · P(|X| ≥ j)` for j from 1 on, of the discrete Gaussian of σ = `tenths / 10`. */
export function tailTable(tenths: number): bigint[] {
  const ONE = 1n << 400n;
  // exp(−x²/2σ²) = exp(−50 x² / tenths²), by the series at an argument halved 16 times.
  const exp = (numerator: bigint, denominator: bigint): bigint => {
    const x = -((ONE * numerator / denominator) >> 16n);
    let [sum, term] = [ONE, ONE];
    for (let i = 1n; term !== 0n && i < 200n; i++) {
      term = term * x / ONE / i;
      sum += term;
    }
    for (let i = 0; i < 16; i++) sum = sum * sum / ONE;
    return sum;
  };
  const weights = Array.from(
    { length: 130 },
    (_, x) => exp(50n * BigInt(x * x), BigInt(tenths * tenths)),
  );
  const total = weights.reduce((sum, weight, x) => sum + (x === 0 ? weight : 2n * weight), 0n);
  const table: bigint[] = [];
  for (let j = 1; j < 130; j++) {
    const tail = weights.slice(j).reduce((sum, weight) => sum + 2n * weight, 0n);
    const entry = ((tail << 128n) / total + 1n) >> 1n;
    if (entry === 0n) break;
    table.push(entry);
  }
  return table;
}

/** Gaussian samples, signed: a sign bit and 127 bits that the table is counted by, 64 of them a run's. */
export function gaussian(
  count: number,
  { tenths, key, nonce }: { tenths: number; key: Uint8Array; nonce: readonly number[] },
): number[] {
  const table = tailTable(tenths);
  const pairs = (words: Iterator<number>) => (): bigint =>
    BigInt(words.next().value ?? 0) | (BigInt(words.next().value ?? 0) << 32n);
  const [first = 0, second = 0, third = 0] = nonce;
  const upper = pairs(keystream(key, nonce));
  const lower = pairs(keystream(key, [first, second, third + 1]));
  let low = 0n;
  return Array.from({ length: count }, (_, i) => {
    if (i % 128 === 0) low = lower();
    const word = upper();
    const bits = (BigInt.asUintN(63, word) << 64n) | low;
    const magnitude = table.filter((entry) => bits < entry).length;
    return word >> 63n === 1n && magnitude > 0 ? -magnitude : magnitude;
  });
}

/** `a · b mod p` of numbers below 2^30, in steps that float64 holds. */
function times(a: number, b: number, p: number): number {
  return ((a * Math.floor(b / 32768)) % p * 32768 + a * (b % 32768)) % p;
}

function power(base: number, exponent: number, p: number): number {
  let result = 1;
  for (const bit of exponent.toString(2)) {
    result = times(result, result, p);
    if (bit === "1") result = times(result, base, p);
  }
  return result;
}

/** Coefficients of the polynomial whose value at `ψ^(2·rev(i) + 1)` is `values[i]`, term by term. */
function fromTransform(
  values: readonly number[],
  { p, psi }: { p: number; psi: number },
): number[] {
  const n = values.length;
  const bits = Math.log2(n);
  // Powers of 1/ψ, which has order 2N as ψ has.
  const powers = [1];
  const root = power(psi, p - 2, p);
  for (let i = 1; i < 2 * n; i++) powers.push(times(powers[i - 1]!, root, p));
  const odd = values.map((_, i) => {
    const reversed = Number.parseInt(
      i.toString(2).padStart(bits, "0").split("").reverse().join(""),
      2,
    );
    return 2 * reversed + 1;
  });
  const shrink = power(n, p - 2, p);
  return values.map((_, j) => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += times(values[i]!, powers[odd[i]! * j % (2 * n)]!, p);
    return times(sum % p, shrink, p);
  });
}

/** The product in `Z_p[X] / (X^N + 1)` of residues and small signed numbers, term by term. */
function negacyclic(a: readonly number[], k: readonly number[], p: number): number[] {
  const n = a.length;
  return a.map((_, j) => {
    // At most 2^12 terms below 2^30 · 2^6: exact.
    let sum = 0;
    for (let i = 0; i <= j; i++) sum += a[i]! * k[j - i]!;
    for (let i = j + 1; i < n; i++) sum -= a[i]! * k[n + j - i]!;
    return ((sum % p) + p) % p;
  });
}

/** The public `a` of one polynomial, a row of coefficients for each prime. */
export function publicRows(ring: ReferenceRing, publicSeed: Uint8Array, poly: number): number[][] {
  return ring.primes.map(({ p, psi }, index) =>
    fromTransform(uniform(ring.degree, { p, key: publicSeed, nonce: [index, poly, 0] }), { p, psi })
  );
}

/** What one client masks. */
export interface ReferenceMasking {
  readonly ring: ReferenceRing;
  readonly slots: { readonly count: number; readonly bits: number };
  /** {@link publicRows} of this polynomial. */
  readonly a: readonly (readonly number[])[];
  readonly errorSeed: Uint8Array;
  /** Signed. */
  readonly key: readonly number[];
  /** Number of the polynomial. */
  readonly poly: number;
  /** `slots.count · N` values. */
  readonly values: ArrayLike<number>;
}

/** `a·k + t·e + m` of one polynomial: rows of residues, one after the other. */
export function maskOne(work: ReferenceMasking): number[] {
  const { ring, slots, a, errorSeed, key, poly, values } = work;
  const n = ring.degree;
  const errors = gaussian(n, { tenths: 64, key: errorSeed, nonce: [poly, 0, 0] });
  const t = 1n << BigInt(slots.count * slots.bits);
  const messages = errors.map((error, i) => {
    let message = 0n;
    for (let slot = slots.count - 1; slot >= 0; slot--) {
      message = (message << BigInt(slots.bits)) + BigInt(values[slot * n + i]!);
    }
    return t * BigInt(error) + message;
  });
  return ring.primes.flatMap(({ p }, index) => {
    const modulus = BigInt(p);
    return negacyclic(a[index]!, key, p).map((product, i) =>
      Number((((BigInt(product) + messages[i]!) % modulus) + modulus) % modulus)
    );
  });
}

/** An opened coefficient. */
export interface ReferenceOpening {
  readonly error: bigint;
  readonly values: readonly number[];
}

/** What residues of `t·Σe + Σm` say, by the Chinese remainder theorem and the centred remainder. */
function openResidues(
  residues: readonly number[],
  { primes }: ReferenceRing,
  slots: { readonly count: number; readonly bits: number },
): ReferenceOpening {
  const q = primes.reduce((product, { p }) => product * BigInt(p), 1n);
  let x = 0n;
  primes.forEach(({ p }, i) => {
    const rest = q / BigInt(p);
    const inverse = BigInt(power(Number(rest % BigInt(p)), p - 2, p));
    x += BigInt(residues[i]!) * rest * inverse;
  });
  x %= q;
  if (2n * x > q) x -= q;
  const bits = BigInt(slots.count * slots.bits);
  const message = BigInt.asUintN(Number(bits), x);
  return {
    error: x >> bits,
    values: Array.from(
      { length: slots.count },
      (_, slot) => Number(BigInt.asUintN(slots.bits, message >> BigInt(slot * slots.bits))),
    ),
  };
}

/** Opens one polynomial of a sum under the sum of the keys, signed. */
export function openOne(
  sum: readonly number[],
  { ring, slots, a, key }: Pick<ReferenceMasking, "ring" | "slots" | "a" | "key">,
): ReferenceOpening[] {
  const n = ring.degree;
  const open = ring.primes.map(({ p }, index) =>
    negacyclic(a[index]!, key, p).map((product, i) => (sum[index * n + i]! - product + p) % p)
  );
  return Array.from({ length: n }, (_, i) => openResidues(open.map((row) => row[i]!), ring, slots));
}

/** Value at `x` of the polynomial through the points given, mod the first prime of P2. */
export function lagrange(points: readonly (readonly [x: number, y: number])[], x: number): number {
  const p = 1073692673n;
  const mod = (value: bigint): bigint => ((value % p) + p) % p;
  const inverse = (value: bigint): bigint => BigInt(power(Number(value), Number(p) - 2, Number(p)));
  let sum = 0n;
  points.forEach(([xi, yi], i) => {
    let term = BigInt(yi);
    points.forEach(([xj], j) => {
      if (i !== j) term = mod(term * BigInt(x - xj) * inverse(mod(BigInt(xi - xj))));
    });
    sum += term;
  });
  return Number(mod(sum));
}
