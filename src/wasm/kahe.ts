/**
 * Kernels of kahe1, the masking scheme whose keys add up as its ciphertexts do: see `mask/kahe1.ts`.
 *
 * @module
 */
import type { InitOutput } from "../../wasm/aggregate/pkg/aggregate.js";
import type { CoreInstance } from "./core_instance.ts";
import type { Span } from "./core_memory.ts";
import { type Argument, checkSpans } from "./span_checks.ts";

/** Name of a ring. */
export type KaheRingName = "P1" | "P2";

/** How the values lie in a coefficient. */
export interface KaheSlots {
  /** How many there are in one. */
  readonly count: number;
  /** Bits of each. */
  readonly bits: number;
}

/** A ring `Z_q[X] / (X^N + 1)`, kept in residues. */
export interface KaheRing {
  /** Its name. */
  readonly name: KaheRingName;
  /** `N`, coefficients of a polynomial. */
  readonly degree: number;
  /** Factors of `q`, each below 2^30. */
  readonly primes: readonly number[];
  /** The ways in which values may lie in its coefficients. */
  readonly slots: readonly KaheSlots[];
}

/** The rings that the core knows. */
export const KAHE_RINGS: Readonly<Record<KaheRingName, KaheRing>> = {
  P1: {
    name: "P1",
    degree: 2048,
    primes: [134176769, 134111233],
    slots: [{ count: 2, bits: 20 }],
  },
  P2: {
    name: "P2",
    degree: 4096,
    primes: [1073692673, 1073668097, 1073651713],
    slots: [{ count: 3, bits: 25 }, { count: 4, bits: 19 }, { count: 5, bits: 15 }],
  },
};

/** The field that keys are shared over. */
export const SHARE_PRIME = 1073692673;

/** Standard deviation of the errors: σ of a discrete Gaussian. */
export const KAHE_ERROR_WIDTH = 6.4;

/** Most shares that {@link KaheKernels.interpolateShares} takes. */
export const MOST_SHARES = 128;

/** Bytes of a seed: a key of ChaCha20. */
export const SEED_BYTES = 32;

/** Where each ring lies in the core's list. */
const INDEX: Readonly<Record<KaheRingName, number>> = { P1: 0, P2: 1 };

/** Largest number of a first polynomial, so that all of a parcel's are words. */
const MOST_FIRST = 2 ** 31;

/** Bytes of {@link KaheNoise} in the core's memory. */
const NOISE_BYTES = 16;

/** A ring with what its transforms need. */
export interface KaheTables {
  /** Which one. */
  readonly ring: KaheRing;
  /** {@link tableBytes}, filled. */
  readonly span: Span;
}

/** What masks and unmasks have in common. */
export interface KaheWork {
  /** The ring's tables. */
  readonly tables: KaheTables;
  /** A transformed key, or sum of keys. */
  readonly key: Span;
  /** 32 bytes that every party derives from the sid: seed of the public `a`. */
  readonly publicSeed: Uint8Array;
  /** How the values lie. */
  readonly slots: KaheSlots;
  /** Number of the first polynomial. */
  readonly first: number;
  /** Words of values, `slots.count · N` a polynomial. */
  readonly values: Span;
  /** Words of residues, `primes · N` a polynomial: as many polynomials as of values. */
  readonly residues: Span;
}

/** A seed that stands for a uniform key. */
export interface SeedKey {
  /** {@link SEED_BYTES}. */
  readonly seed: Uint8Array;
  /** Whether it is taken away. */
  readonly minus: boolean;
}

/** What an opened sum says of its errors. */
export interface KaheNoise {
  /** `max |Σe|`. */
  readonly most: number;
  /** Sum of the squares of `Σe` over all coefficients. */
  readonly squares: number;
}

/** Kernels over spans of words. Nothing a kernel is given may overlap what it writes. */
export interface KaheKernels {
  /** Fills a ring's tables, {@link tableBytes} long. */
  fillKaheTables(tables: KaheTables): void;
  /**
   * Adds whole polynomials of residues: `acc += x`.
   *
   * @returns Index of the first row of `N` words of `x` with one that is no residue; `acc` is then
   * unchanged. -1 if there is none.
   */
  addResidues(ring: KaheRing, operands: { readonly acc: Span; readonly x: Span }): number;
  /** Draws a key, `N` words mod {@link SHARE_PRIME}, from the discrete Gaussian of σ = 4.5. */
  drawKey(seed: Uint8Array, key: Span): void;
  /** Transforms a key, or a sum of keys within half of {@link SHARE_PRIME}, into {@link keyBytes}. */
  transformKey(tables: KaheTables, spans: { readonly key: Span; readonly out: Span }): void;
  /**
   * Adds the uniform key of a seed to a sum of transformed keys, or takes it away.
   *
   * @param sum {@link polynomialBytes} of residues.
   */
  addSeedKey(ring: KaheRing, sum: Span, seed: SeedKey): void;
  /** Makes of a sum of transformed keys ({@link polynomialBytes}) what masks: {@link keyBytes}. */
  readyKey(ring: KaheRing, spans: { readonly sum: Span; readonly out: Span }): void;
  /**
   * Masks values, each below `2^bits`: writes `residues = a·k + t·e + m`, with errors of σ = 6.4.
   *
   * @param errorSeed 32 bytes that were never used before.
   */
  maskValues(work: KaheWork, errorSeed: Uint8Array): void;
  /** Opens a sum, using up `residues`: writes `values`, the sums of what was masked. */
  openValues(work: KaheWork): KaheNoise;
  /** Expands a seed to a share: words mod {@link SHARE_PRIME}. */
  expandShare(seed: Uint8Array, share: Span): void;
  /**
   * Adds shares: `acc += x`.
   *
   * @returns Whether all words of `x` are below {@link SHARE_PRIME}; if not, `acc` is unchanged.
   */
  addShares(acc: Span, x: Span): boolean;
  /** Writes the share at `target` that lies on one polynomial with those at `places`. */
  interpolateShares(shares: {
    /** Distinct, below {@link SHARE_PRIME}; 1 to {@link MOST_SHARES}. */
    readonly places: readonly number[];
    /** Shares at those places, one after the other, each as long as `out`. */
    readonly rows: Span;
    readonly target: number;
    readonly out: Span;
  }): void;
  /** Adds a seed's one-time pad to words mod 2^32: its ChaCha20 keystream, nonce 0, from block 0. */
  addPad(seed: Uint8Array, acc: Span): void;
  /** Takes away what {@link addPad} added. */
  subPad(seed: Uint8Array, acc: Span): void;
}

/** Bytes of a ring's tables. */
export function tableBytes({ degree, primes }: KaheRing): number {
  return 4 * 4 * degree * primes.length;
}

/** Bytes of a transformed key. */
export function keyBytes({ degree, primes }: KaheRing): number {
  return 4 * 2 * degree * primes.length;
}

/** Bytes of one polynomial's residues. */
export function polynomialBytes({ degree, primes }: KaheRing): number {
  return 4 * degree * primes.length;
}

/** The kernels of an instance. */
export function kaheKernels(instance: CoreInstance<InitOutput>): KaheKernels {
  const { memory } = instance;

  /**
   * Runs with seeds in the core's memory, 32 bytes after 32 bytes, and forgets them there, as well as
   * what is left in the scratch.
   */
  function withSeeds<T>(
    seeds: readonly Uint8Array[],
    scratchBytes: number,
    run: (seeds: number, scratch: number) => T,
  ): T {
    const wrong = seeds.find(({ length }) => length !== SEED_BYTES);
    if (wrong !== undefined) {
      throw new RangeError(`Cannot use a seed of ${wrong.length} bytes: expected ${SEED_BYTES}`);
    }
    const mark = memory.mark();
    const at = memory.alloc(SEED_BYTES * seeds.length);
    const scratch = memory.alloc(scratchBytes);
    try {
      seeds.forEach((seed, index) => memory.u8(at).set(seed, SEED_BYTES * index));
      return run(at.ptr, scratch.ptr);
    } finally {
      memory.u8(at).fill(0);
      memory.u8(scratch).fill(0);
      memory.release(mark);
    }
  }

  /** How many polynomials a piece of work has, with all its lengths checked. */
  function polynomials(work: KaheWork, written: "residues" | "both"): number {
    const { tables, key, slots, first, values, residues } = work;
    const { degree } = tables.ring;
    const known = tables.ring.slots.some(({ count, bits }) =>
      slots.count === count && slots.bits === bits
    );
    if (!known) {
      throw new RangeError(
        `Cannot use ${slots.count} slots of ${slots.bits} bits: ${tables.ring.name} has none such`,
      );
    }
    const count = memory.length(values, 4) / (slots.count * degree);
    if (!Number.isInteger(count) || !Number.isInteger(first) || first < 0 || first > MOST_FIRST) {
      throw new RangeError(
        `Cannot take ${values.bytes} bytes of values from polynomial ${first} on: expected whole polynomials`,
      );
    }
    const residueWords = count * polynomialBytes(tables.ring) / 4;
    const inputs: Argument[] = [
      { name: "tables", span: tables.span, values: tableBytes(tables.ring) / 4 },
      { name: "key", span: key, values: keyBytes(tables.ring) / 4 },
    ];
    const outputs: Argument[] = [{ name: "residues", span: residues, values: residueWords }];
    (written === "both" ? outputs : inputs).push({
      name: "values",
      span: values,
      values: count * slots.count * degree,
    });
    checkSpans(memory, { inputs, outputs });
    return count;
  }

  /** Words of a span that kernels take four at a time. */
  function wholeQuads(span: Span): number {
    const length = memory.length(span, 4);
    if (length % 4 !== 0 || length === 0) {
      throw new RangeError(`Cannot use a share of ${length} words: expected a multiple of 4`);
    }
    return length;
  }

  return {
    fillKaheTables({ ring, span }) {
      checkSpans(memory, {
        inputs: [],
        outputs: [{ name: "tables", span, values: tableBytes(ring) / 4 }],
      });
      instance.call((core) => core.kahe_tables(INDEX[ring.name], span.ptr));
    },

    addResidues(ring, { acc, x }) {
      const length = memory.length(acc, 4);
      if (acc.bytes % polynomialBytes(ring) !== 0) {
        throw new RangeError(
          `Cannot add ${acc.bytes} bytes: expected whole polynomials of ${polynomialBytes(ring)}`,
        );
      }
      checkSpans(memory, {
        inputs: [{ name: "x", span: x, values: length }],
        outputs: [{ name: "acc", span: acc, values: length }],
      });
      const row = instance.call((core) => core.kahe_add(INDEX[ring.name], acc.ptr, x.ptr, length));
      return row === length / ring.degree ? -1 : row;
    },

    drawKey(seed, key) {
      const length = memory.length(key, 4);
      withSeeds(
        [seed],
        0,
        (from) => instance.call((core) => core.kahe_draw_key(key.ptr, length, from)),
      );
    },

    transformKey({ ring, span }, { key, out }) {
      checkSpans(memory, {
        inputs: [
          { name: "tables", span, values: tableBytes(ring) / 4 },
          { name: "key", span: key, values: ring.degree },
        ],
        outputs: [{ name: "out", span: out, values: keyBytes(ring) / 4 }],
      });
      instance.call((core) =>
        core.kahe_transform_key(INDEX[ring.name], span.ptr, key.ptr, out.ptr)
      );
    },

    addSeedKey(ring, sum, { seed, minus }) {
      checkSpans(memory, {
        inputs: [],
        outputs: [{ name: "sum", span: sum, values: polynomialBytes(ring) / 4 }],
      });
      withSeeds(
        [seed],
        4 * ring.degree,
        (from, scratch) =>
          instance.call((core) =>
            core.key_add_seed(INDEX[ring.name], sum.ptr, from, Number(minus), scratch)
          ),
      );
    },

    readyKey(ring, { sum, out }) {
      checkSpans(memory, {
        inputs: [{ name: "sum", span: sum, values: polynomialBytes(ring) / 4 }],
        outputs: [{ name: "out", span: out, values: keyBytes(ring) / 4 }],
      });
      instance.call((core) => core.key_ready(INDEX[ring.name], sum.ptr, out.ptr));
    },

    maskValues(work, errorSeed) {
      const { tables: { ring, span }, key, slots, first, values, residues } = work;
      const polys = polynomials(work, "residues");
      withSeeds(
        [work.publicSeed, errorSeed],
        4 * ring.degree * (1 + ring.primes.length),
        (seeds, scratch) =>
          instance.call((core) =>
            core.kahe_mask(
              ...[INDEX[ring.name], span.ptr, key.ptr, seeds, seeds + SEED_BYTES] as const,
              ...[
                slots.count,
                slots.bits,
                first,
                polys,
                values.ptr,
                residues.ptr,
                scratch,
              ] as const,
            )
          ),
      );
    },

    openValues(work) {
      const { tables: { ring, span }, key, slots, first, values, residues } = work;
      const polys = polynomials(work, "both");
      return withSeeds([work.publicSeed], NOISE_BYTES + 4 * ring.degree, (seed, scratch) => {
        instance.call((core) =>
          core.kahe_unmask(
            ...[INDEX[ring.name], span.ptr, key.ptr, seed, slots.count, slots.bits] as const,
            ...[first, polys, residues.ptr, values.ptr, scratch, scratch + NOISE_BYTES] as const,
          )
        );
        const [most = NaN, squares = NaN] = memory.f64({ ptr: scratch, bytes: NOISE_BYTES });
        return { most, squares };
      });
    },

    expandShare(seed, share) {
      const length = memory.length(share, 4);
      withSeeds(
        [seed],
        0,
        (from) => instance.call((core) => core.share_expand(share.ptr, length, from)),
      );
    },

    addShares(acc, x) {
      const length = wholeQuads(acc);
      checkSpans(memory, {
        inputs: [{ name: "x", span: x, values: length }],
        outputs: [{ name: "acc", span: acc, values: length }],
      });
      return instance.call((core) => core.share_add(acc.ptr, x.ptr, length)) !== 0;
    },

    interpolateShares({ places, rows, target, out }) {
      const length = wholeQuads(out);
      const known = new Set(places);
      const usable = [...places, target].every((place) =>
        Number.isInteger(place) && place >= 0 && place < SHARE_PRIME
      );
      if (!usable || known.size !== places.length || known.size < 1 || known.size > MOST_SHARES) {
        throw new RangeError(
          `Cannot interpolate from places ${places} to ${target}: expected 1 to ${MOST_SHARES} distinct ones in the field`,
        );
      }
      checkSpans(memory, {
        inputs: [{ name: "rows", span: rows, values: places.length * length }],
        outputs: [{ name: "out", span: out, values: length }],
      });
      const mark = memory.mark();
      const at = memory.alloc(4 * places.length);
      memory.u32(at).set(places);
      instance.call((core) =>
        core.share_interpolate(at.ptr, places.length, rows.ptr, length, target, out.ptr)
      );
      memory.release(mark);
    },

    addPad(seed, acc) {
      const length = memory.length(acc, 4);
      withSeeds([seed], 0, (from) => instance.call((core) => core.pad_add(acc.ptr, length, from)));
    },

    subPad(seed, acc) {
      const length = memory.length(acc, 4);
      withSeeds([seed], 0, (from) => instance.call((core) => core.pad_sub(acc.ptr, length, from)));
    },
  };
}
