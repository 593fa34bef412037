/**
 * How kahe1 lays values out, and how many clients that carries.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import { KAHE_RINGS, type KaheRing, type KaheSlots } from "../wasm/kahe.ts";
import type { RingName } from "./ring.ts";

/** A ring and the slots of its coefficients. */
export interface Kahe1Shape {
  /** The ring, with all that the core must know of it. */
  readonly ring: KaheRing;
  /** Its name for those who add. */
  readonly ringName: RingName;
  /** How values lie in a coefficient. */
  readonly slots: KaheSlots;
}

/** What a shape carries. */
export interface Kahe1Bounds {
  /** Most clients in one sum. */
  readonly maxClients: number;
  /** Bits that travel for each value. */
  readonly wireBits: number;
}

/** Errors of a sum of n stay below 64·√n: ten of its standard deviations of 6.4·√n. */
const NOISE_FACTOR = 64;

const SHAPES: readonly Kahe1Shape[] = [
  ...KAHE_RINGS.P1.slots.map((slots) =>
    ({ ring: KAHE_RINGS.P1, ringName: "rns27", slots }) as const
  ),
  ...KAHE_RINGS.P2.slots.map((slots) =>
    ({ ring: KAHE_RINGS.P2, ringName: "rns30", slots }) as const
  ),
];

/**
 * The shape whose slots have so many bits: 25, 19 or 15 of P2, 20 of P1.
 *
 * @throws {TributaryError} `task-refused` if there is none.
 */
export function kahe1Shape(slotBits: number): Kahe1Shape {
  const shape = SHAPES.find(({ slots }) => slots.bits === slotBits);
  if (shape !== undefined) return shape;
  const known = SHAPES.map(({ slots }) => slots.bits).sort((a, b) => a - b).join(", ");
  throw new TributaryError(
    "task-refused",
    `Cannot mask in ${slotBits}-bit slots: kahe1 has slots of ${known} bits`,
  );
}

/**
 * How many clients a shape carries, and what a value costs on the wire.
 *
 * With `q` the product of the primes and `t = 2^(slots·bits)`, a sum opens rightly while
 * `t·(|Σe| + 1) < q/2`: then `t·Σe + Σm`, with every slot of `Σm` below `2^bits` and so `Σm` in
 * `[0, t)`, lies within `±q/2`, is its own centred residue, and division by `t` with remainder gives
 * back both. As `|Σe| ≤ 64·√n`, that holds for every `n` with `t·(64·√n + 1) < q/2`, which is
 * `n·(128·t)² < (q − 2t)²`. (`q` is odd, so that no two sides are equal.) The share prime bounds `Σk`
 * too: `n` keys of at most 41 stay below half of it for 13 million clients.
 *
 * @example
 * ```ts
 * import { kahe1Bounds, kahe1Shape } from "./mod.ts";
 *
 * const { maxClients, wireBits } = kahe1Bounds(kahe1Shape(19));
 * if (maxClients !== 16373 || wireBits !== 24) throw new Error("not the table's");
 * ```
 */
export function kahe1Bounds({ ring, slots }: Kahe1Shape): Kahe1Bounds {
  const q = ring.primes.reduce((product, prime) => product * BigInt(prime), 1n);
  const t = 1n << BigInt(slots.count * slots.bits);
  const room = q - 2n * t;
  const each = 2n * BigInt(NOISE_FACTOR) * t;
  return {
    maxClients: Number((room * room - 1n) / (each * each)),
    wireBits: 32 * ring.primes.length / slots.count,
  };
}

/** Largest `|Σe|` that `clients` honest updates reach, but for once in 2^71 coefficients: `⌊64·√n⌋`. */
export function noiseBound(clients: number): number {
  return Math.floor(Math.sqrt(NOISE_FACTOR ** 2 * clients));
}

/** Polynomials that so many values take. */
export function polynomialCount({ ring, slots }: Kahe1Shape, values: number): number {
  return Math.ceil(values / (slots.count * ring.degree));
}
