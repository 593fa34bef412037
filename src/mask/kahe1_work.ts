/**
 * kahe1's arithmetic over whole parcels, slice by slice in the core's memory, which forgets it all.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import type { RandomSource } from "../core/random.ts";
import type { AggregateCore } from "../wasm/aggregate.ts";
import type { Span } from "../wasm/core_memory.ts";
import {
  KAHE_ERROR_WIDTH,
  type KaheNoise,
  type KaheTables,
  keyBytes,
  SEED_BYTES,
  tableBytes,
} from "../wasm/kahe.ts";
import { type Kahe1Shape, noiseBound } from "./kahe1_shape.ts";
import { type JoinOptions, joinShares, splitKey } from "./key_shares.ts";
import { ringOf } from "./ring.ts";

/** What is masked, and with what. */
export interface MaskWork {
  /** Little-endian words, a value each. */
  readonly parcel: Uint8Array;
  /** Length of what comes of it. */
  readonly parcelBytes: number;
  /** Seed of the public polynomials. */
  readonly seed: Uint8Array;
  /** Where the secrets are drawn from. */
  readonly random: RandomSource;
  /** In how many shares the key is cut. */
  readonly helpers: number;
  /** How many of them give it back. */
  readonly threshold: number;
  /** Tables of the same shape. */
  readonly kept?: KeptTables;
}

/** A masked parcel, and its key in shares. */
export interface MaskedWork {
  /** Residues. */
  readonly parcel: Uint8Array<ArrayBuffer>;
  /** For helpers 1, 2 and so on; secret. */
  readonly shares: readonly Uint8Array<ArrayBuffer>[];
}

/** Draws a key, errors and shares, and masks a parcel: no call can use what another one has drawn. */
export function maskParcel(core: AggregateCore, shape: Kahe1Shape, work: MaskWork): MaskedWork {
  const { seed, random, helpers, threshold } = work;
  const drawn = Array.from({ length: threshold + 1 }, () => random(SEED_BYTES));
  const [keySeed = seed, errorSeed = seed, ...seeds] = drawn;
  try {
    return inArena(core, shape, ({ tables, key, transformed }) => {
      core.drawKey(keySeed, key);
      const shares = splitKey(core, key, { helpers, seeds });
      core.transformKey(tables, { key, out: transformed });
      const masked = maskUnder(core, shape, { ...work, tables, key: transformed, errorSeed });
      return { parcel: masked, shares };
    }, work.kept);
  } finally {
    for (const bytes of drawn) bytes.fill(0);
  }
}

/** A key, ready to mask with, in the core's memory. */
export interface UnderKey {
  /** Seed of the public polynomials. */
  readonly seed: Uint8Array;
  /** The ring's tables. */
  readonly tables: KaheTables;
  /** A transformed key, or sum of keys. */
  readonly key: Span;
}

/** Masks a parcel under a key. */
export function maskUnder(
  core: AggregateCore,
  shape: Kahe1Shape,
  { parcel, parcelBytes, errorSeed, seed, tables, key }:
    & Pick<MaskWork, "parcel" | "parcelBytes">
    & UnderKey
    & {
      /** 32 bytes that were never used before. */
      readonly errorSeed: Uint8Array;
    },
): Uint8Array<ArrayBuffer> {
  const { memory } = core;
  const masked = new Uint8Array(parcelBytes);
  eachRun(core, shape, parcelBytes, ({ first, values, residues, valuesAt, residuesAt }) => {
    const part = parcel.subarray(valuesAt, valuesAt + values.bytes);
    memory.u8(values).set(part);
    // What is left of the last polynomial holds zeros.
    memory.u8(values).fill(0, part.length);
    const { slots } = shape;
    const run = { tables, key, publicSeed: seed, slots, first, values, residues };
    core.maskValues(run, errorSeed);
    masked.set(memory.u8(residues), residuesAt);
  });
  return masked;
}

/** What is opened, and with what. */
export interface OpenWork {
  /** Residues: the sum of as many parcels as there were shares of keys. */
  readonly sum: Uint8Array;
  /** Values in it. */
  readonly values: number;
  /** Seed of the public polynomials. */
  readonly seed: Uint8Array;
  /** The helpers' sums of shares. */
  readonly shares: JoinOptions;
}

/** What was in a sum. */
export interface OpenedWork {
  /** Little-endian words, a value each. */
  readonly words: Uint8Array<ArrayBuffer>;
  /** Of all its polynomials. */
  readonly noise: KaheNoise;
}

/**
 * Opens a sum under the sum of its keys.
 *
 * @throws {TributaryError} `residue-out-of-range` for a sum that is none, and what
 * {@link joinShares} throws.
 */
export function openSum(core: AggregateCore, shape: Kahe1Shape, work: OpenWork): OpenedWork {
  const { seed, shares } = work;
  return inArena(core, shape, ({ tables, key, transformed }) => {
    joinShares(core, key, shares);
    core.transformKey(tables, { key, out: transformed });
    return openUnder(core, shape, { ...work, seed, tables, key: transformed });
  });
}

/**
 * Opens a sum under the sum of its keys.
 *
 * @throws {TributaryError} `residue-out-of-range` for a sum that is none.
 */
export function openUnder(
  core: AggregateCore,
  shape: Kahe1Shape,
  { sum, seed, tables, key, ...work }: Pick<OpenWork, "sum" | "values"> & UnderKey,
): OpenedWork {
  const { memory } = core;
  const ring = ringOf(shape.ringName);
  const words = new Uint8Array(4 * work.values);
  let [most, squares] = [0, 0];
  eachRun(core, shape, sum.length, ({ first, values, residues, valuesAt, residuesAt }) => {
    const received = { ptr: values.ptr, bytes: residues.bytes };
    memory.u8(received).set(sum.subarray(residuesAt, residuesAt + residues.bytes));
    memory.u8(residues).fill(0);
    ring.add(core, residues, received);
    const { slots } = shape;
    const run = { tables, key, publicSeed: seed, slots, first, values, residues };
    const noise = core.openValues(run);
    most = Math.max(most, noise.most);
    squares += noise.squares;
    words.set(memory.u8(values).subarray(0, words.length - valuesAt), valuesAt);
  });
  return { words, noise: { most, squares } };
}

/** How often the noise of an honest sum may be exceeded on average: 30 standard deviations away. */
const VARIANCE_FACTOR = 2;

/**
 * Refuses an opened sum whose errors are not those of so many clients: a share that does not belong to
 * its parcel, or a parcel that is none, makes of all of them numbers without meaning.
 *
 * The largest error alone does not tell where `clients` is near what the shape carries; the mean of
 * their squares, `6.4²·clients`, does. Of 2048 coefficients or more it lies within 13 % nine times in
 * ten million.
 *
 * @throws {TributaryError} `noise-excessive`.
 */
export function checkNoise(
  { most, squares }: KaheNoise,
  { clients, coefficients }: { readonly clients: number; readonly coefficients: number },
): void {
  const bound = noiseBound(clients);
  const variance = squares / coefficients;
  const usual = KAHE_ERROR_WIDTH ** 2 * clients;
  if (most <= bound && variance <= VARIANCE_FACTOR * usual) return;
  throw new TributaryError(
    "noise-excessive",
    `Cannot open a sum of ${clients} parcels: its errors reach ${most} with a variance of ${
      variance.toPrecision(3)
    }, expected at most ${bound} and about ${
      usual.toPrecision(3)
    }; a key or a parcel in it is not what it should be`,
  );
}

/** Memory of the core while something is masked or opened. */
export interface Arena {
  /** The ring's, filled. */
  readonly tables: KaheTables;
  /** `N` words. */
  readonly key: Span;
  /** Room for a key as it masks. */
  readonly transformed: Span;
}

/** A ring's tables from one use to the next: to copy them takes a tenth of the time to fill them. */
export interface KeptTables {
  /** Undefined before the first use. */
  bytes?: Uint8Array;
}

/** Runs with tables and room for a key, which is forgotten. */
export function inArena<T>(
  core: AggregateCore,
  { ring }: Kahe1Shape,
  run: (arena: Arena) => T,
  kept: KeptTables = {},
): T {
  const { memory } = core;
  const mark = memory.mark();
  const tables = { ring, span: memory.alloc(tableBytes(ring)) };
  const key = memory.alloc(4 * ring.degree);
  const transformed = memory.alloc(keyBytes(ring));
  try {
    if (kept.bytes === undefined) {
      core.fillKaheTables(tables);
      kept.bytes = memory.u8(tables.span).slice();
    } else memory.u8(tables.span).set(kept.bytes);
    return run({ tables, key, transformed });
  } finally {
    memory.u8(key).fill(0);
    memory.u8(transformed).fill(0);
    memory.release(mark);
  }
}

interface Run {
  /** Number of its first polynomial. */
  readonly first: number;
  readonly values: Span;
  readonly residues: Span;
  /** Where its values are in their list, in bytes. */
  readonly valuesAt: number;
  /** Where its residues are in the parcel. */
  readonly residuesAt: number;
}

/** Visits a parcel's polynomials, as many at a time as a slice has; values are forgotten. */
function eachRun(
  core: AggregateCore,
  { ring, ringName, slots }: Kahe1Shape,
  parcelBytes: number,
  visit: (run: Run) => void,
): void {
  const { memory } = core;
  const { unitBytes, sliceBytes } = ringOf(ringName);
  const valueBytes = 4 * slots.count * ring.degree;
  const most = Math.min(sliceBytes, parcelBytes) / unitBytes;
  const mark = memory.mark();
  const values = memory.alloc(most * valueBytes);
  const residues = memory.alloc(most * unitBytes);
  try {
    for (let first = 0; first < parcelBytes / unitBytes; first += most) {
      const count = Math.min(most, parcelBytes / unitBytes - first);
      visit({
        first,
        values: { ptr: values.ptr, bytes: count * valueBytes },
        residues: { ptr: residues.ptr, bytes: count * unitBytes },
        valuesAt: first * valueBytes,
        residuesAt: first * unitBytes,
      });
    }
  } finally {
    memory.u8(values).fill(0);
    memory.u8(residues).fill(0);
    memory.release(mark);
  }
}
