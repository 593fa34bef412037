/**
 * kahe1's client from docs/PROTOCOL.md, in BigInt and from the definitions. Slow, and not in constant
 * time: a real client must not be written so.
 *
 * @module
 */
import { type Bytes, concat, hkdf, le32, random } from "./bytes.ts";
import { keystream } from "./chacha20.ts";

/** A profile of the document's table, with the slots that a task's slot width chooses. */
export interface Profile {
  readonly degree: number;
  /** Primes and roots of order 2N. */
  readonly primes: readonly (readonly [p: bigint, psi: bigint])[];
  readonly slots: number;
  readonly bits: number;
}

const P1 = {
  degree: 2048,
  primes: [[134176769n, 51394918n], [134111233n, 97796203n]],
} as const;
const P2 = {
  degree: 4096,
  primes: [
    [1073692673n, 510015274n],
    [1073668097n, 1047115509n],
    [1073651713n, 724005969n],
  ],
} as const;
const PROFILES: readonly Profile[] = [
  { ...P1, slots: 2, bits: 20 },
  { ...P2, slots: 3, bits: 25 },
  { ...P2, slots: 4, bits: 19 },
  { ...P2, slots: 5, bits: 15 },
];
const SHARES = 1073692673n;

export function profileOf(slotBits: number): Profile {
  return PROFILES.find(({ bits }) => bits === slotBits)!;
}

const mod = (x: bigint, p: bigint): bigint => ((x % p) + p) % p;

function power(base: bigint, exponent: bigint, p: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = result * result % p;
    if (bit === "1") result = result * base % p;
  }
  return result;
}

/** Values of a polynomial at x, x·w, x·w², …, of which there are as many as coefficients. */
function evaluate(f: readonly bigint[], x: bigint, w: bigint, p: bigint): bigint[] {
  if (f.length === 1) return [f[0]!];
  const half = f.length / 2;
  const even = evaluate(f.filter((_, i) => i % 2 === 0), x * x % p, w * w % p, p);
  const odd = evaluate(f.filter((_, i) => i % 2 === 1), x * x % p, w * w % p, p);
  const out: bigint[] = Array(f.length);
  for (let i = 0; i < f.length; i++) {
    out[i] = mod(even[i % half]! + x * odd[i % half]!, p);
    x = x * w % p;
  }
  return out;
}

function reversed(i: number, degree: number): number {
  const bits = Math.log2(degree);
  return Number.parseInt([...i.toString(2).padStart(bits, "0")].reverse().join(""), 2);
}

/** `a·k` in coefficients, where `a` is given by its values in the document's order. */
function product(a: readonly bigint[], k: readonly bigint[], p: bigint, psi: bigint): bigint[] {
  const n = a.length;
  const w = psi * psi % p;
  const values = evaluate(k, psi, w, p).map((value, i) => value * a[reversed(i, n)]! % p);
  // Back: coefficient j is ψ^−j / N times the value at ω^−j of the polynomial of these values.
  const inverse = (x: bigint) => power(x, p - 2n, p);
  const [back, step] = [inverse(psi), inverse(w)];
  let factor = inverse(BigInt(n));
  return evaluate(values, 1n, step, p).map((value) => {
    const coefficient = value * factor % p;
    factor = factor * back % p;
    return coefficient;
  });
}

/** Words of the keystream, cut to the prime's bits, without those that are not below it. */
function uniform(count: number, p: bigint, key: Bytes, nonce: readonly number[]): bigint[] {
  const bits = p.toString(2).length;
  const out: bigint[] = [];
  for (const word of keystream(key, nonce)) {
    const cut = BigInt.asUintN(bits, BigInt(word));
    if (cut < p) out.push(cut);
    if (out.length === count) break;
  }
  return out;
}

/** Discrete Gaussian integers by rejection, of fresh randomness. */
function gaussian(count: number, sigma: number): bigint[] {
  const out: bigint[] = [];
  while (out.length < count) {
    const [place, chance] = new Uint32Array(random(8).buffer);
    const x = Math.floor(place! / 2 ** 32 * 26 * sigma) - Math.floor(13 * sigma);
    if (chance! / 2 ** 32 < Math.exp(-x * x / (2 * sigma * sigma))) out.push(BigInt(x));
  }
  return out;
}

/** What a client makes of its values. */
export interface Masked {
  readonly parcel: Bytes;
  /** For helpers 1, 2, …: a seed below the threshold, words from it on. */
  readonly shares: readonly Bytes[];
}

export async function mask(
  values: readonly number[],
  { sid, slotBits, helpers, threshold }: {
    sid: Bytes;
    slotBits: number;
    helpers: number;
    threshold: number;
  },
): Promise<Masked> {
  const { degree, primes, slots, bits } = profileOf(slotBits);
  const seed = await hkdf(sid, "tributary/1/kahe1/a", 32);
  const k = gaussian(degree, 4.5);
  const t = 1n << BigInt(slots * bits);
  const rows: Bytes[] = [];
  for (let poly = 0; poly * slots * degree < values.length; poly++) {
    const e = gaussian(degree, 6.4);
    const m = Array.from({ length: degree }, (_, i) => {
      let sum = 0n;
      for (let slot = 0; slot < slots; slot++) {
        const value = values[(poly * slots + slot) * degree + i] ?? 0;
        sum += BigInt(value) << BigInt(bits * slot);
      }
      return sum;
    });
    primes.forEach(([p, psi], r) => {
      const a = uniform(degree, p, seed, [r, poly, 0]);
      const c = product(a, k.map((x) => mod(x, p)), p, psi)
        .map((x, i) => Number(mod(x + t * e[i]! + m[i]!, p)));
      rows.push(le32(...c));
    });
  }
  return { parcel: concat(...rows), shares: share(k, helpers, threshold) };
}

/** Shamir's shares of every coefficient. */
function share(k: readonly bigint[], helpers: number, threshold: number): Bytes[] {
  const seeds = Array.from({ length: threshold - 1 }, () => random(32));
  const points = [
    k.map((x) => mod(x, SHARES)),
    ...seeds.map((seed) => uniform(k.length, SHARES, seed, [0, 0, 0])),
  ];
  const later = Array.from({ length: helpers - threshold + 1 }, (_, i) => {
    const x = BigInt(threshold + i);
    const weights = points.map((_, at) => {
      let [above, below] = [1n, 1n];
      points.forEach((_, other) => {
        if (other === at) return;
        above = mod(above * (x - BigInt(other)), SHARES);
        below = mod(below * BigInt(at - other), SHARES);
      });
      return above * power(below, SHARES - 2n, SHARES) % SHARES;
    });
    return le32(
      ...k.map((_, i) =>
        Number(points.reduce((sum, point, at) => sum + weights[at]! * point[i]!, 0n) % SHARES)
      ),
    );
  });
  return [...seeds, ...later];
}
