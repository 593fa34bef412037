/**
 * A key in shares, and sums of shares: Shamir's sharing of every coefficient at once.
 *
 * Helper `j` holds the value at `x = j` of a polynomial of degree `t − 1` that is the key at 0. The
 * first `t − 1` values are drawn, each from a seed of 32 bytes, which then is the share; the others
 * follow, as words. Values of polynomials add up as the polynomials do: so do shares of keys.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import type { AggregateCore } from "../wasm/aggregate.ts";
import type { Span } from "../wasm/core_memory.ts";
import { SEED_BYTES, SHARE_PRIME } from "../wasm/kahe.ts";
import type { HelperAnswer } from "./mask.ts";

/** Length of the share of helper `helper`: a seed's for those below the threshold, else `4·N`. */
export function shareBytes(
  helper: number,
  { threshold, degree }: { readonly threshold: number; readonly degree: number },
): number {
  return helper < threshold ? SEED_BYTES : 4 * degree;
}

/** How a key is cut. */
export interface SplitOptions {
  /** How many shares. */
  readonly helpers: number;
  /** `threshold − 1` seeds of 32 bytes, fresh and secret: the first shares. */
  readonly seeds: readonly Uint8Array[];
}

/**
 * All shares of a key, for helpers 1, 2 and so on. Memory that held some is wiped.
 *
 * @param key `N` words in the core's memory.
 */
export function splitKey(
  core: AggregateCore,
  key: Span,
  { helpers, seeds }: SplitOptions,
): Uint8Array<ArrayBuffer>[] {
  const { memory } = core;
  const mark = memory.mark();
  const rows = memory.alloc(key.bytes * (seeds.length + 1));
  const out = memory.alloc(key.bytes);
  const row = (at: number): Span => ({ ptr: rows.ptr + at * key.bytes, bytes: key.bytes });
  try {
    memory.u8(row(0)).set(memory.u8(key));
    seeds.forEach((seed, at) => core.expandShare(seed, row(at + 1)));
    const places = [0, ...seeds.map((_, at) => at + 1)];
    const later = Array.from({ length: helpers - seeds.length }, (_, at) => {
      core.interpolateShares({ places, rows, target: places.length + at, out });
      return memory.u8(out).slice();
    });
    return [...seeds.map((seed) => Uint8Array.from(seed)), ...later];
  } finally {
    memory.u8(rows).fill(0);
    memory.u8(out).fill(0);
    memory.release(mark);
  }
}

/** A helper's running sum of shares, in memory of the core that is wiped when it is disposed. */
export interface ShareSum extends Disposable {
  /** How many shares it holds. */
  readonly count: number;
  /**
   * Adds a share: a seed or words.
   *
   * @throws {TributaryError} `length-mismatch` for bytes of another length, `residue-out-of-range` for
   * a word that is not below {@link SHARE_PRIME}. The sum has not changed then.
   */
  add(share: Uint8Array): void;
  /** The sum so far, `4·N` bytes. */
  share(): Uint8Array<ArrayBuffer>;
}

/**
 * An empty sum of shares of keys of `degree` coefficients.
 *
 * @param core Its memory is the sum's until that is disposed; what is taken from it later must be given
 * back before.
 */
export function createShareSum(core: AggregateCore, degree: number): ShareSum {
  const { memory } = core;
  const mark = memory.mark();
  const [sum, scratch] = [memory.alloc(4 * degree), memory.alloc(4 * degree)];
  memory.u8(sum).fill(0);
  let count = 0;
  return {
    get count() {
      return count;
    },
    add(share) {
      place(core, scratch, share);
      const added = core.addShares(sum, scratch);
      memory.u8(scratch).fill(0);
      if (!added) refuseWords();
      count++;
    },
    share: () => memory.u8(sum).slice(),
    [Symbol.dispose]() {
      memory.u8(sum).fill(0);
      memory.release(mark);
    },
  };
}

/** Puts a share's words into the core's memory. */
function place(core: AggregateCore, at: Span, share: Uint8Array): void {
  if (share.length === SEED_BYTES) core.expandShare(share, at);
  else if (share.length === at.bytes) core.memory.u8(at).set(share);
  else {
    throw new TributaryError(
      "length-mismatch",
      `Cannot add a share of ${share.length} bytes: expected ${SEED_BYTES} or ${at.bytes}`,
    );
  }
}

function refuseWords(): never {
  throw new TributaryError(
    "residue-out-of-range",
    `Cannot add a share: a word of it is not below ${SHARE_PRIME}`,
  );
}

/** What a sum of keys is made from. */
export interface JoinOptions {
  /** Of different helpers, whichever answered. */
  readonly answers: readonly HelperAnswer[];
  /** How many helpers there are. */
  readonly helpers: number;
  /** How many answers it takes. */
  readonly threshold: number;
}

/**
 * Writes the sum of keys that the helpers' sums of shares stand for. Every answer beyond the threshold
 * must lie on the polynomial of the others.
 *
 * @param key `N` words in the core's memory.
 * @throws {TributaryError} `shares-missing` for fewer answers than the threshold, `shares-inconsistent`
 * for some that lie on no common polynomial, `length-mismatch` and `residue-out-of-range` for one that
 * is no share.
 */
export function joinShares(core: AggregateCore, key: Span, options: JoinOptions): void {
  const { helpers, threshold } = options;
  const answers = [...options.answers].sort((a, b) => a.helper - b.helper);
  const places = answers.map(({ helper }) => helper);
  const known = places.every((it) => Number.isInteger(it) && it >= 1 && it <= helpers);
  if (!known || new Set(places).size !== places.length) {
    throw new RangeError(
      `Cannot join shares of helpers ${places}: expected some of 1 to ${helpers}`,
    );
  }
  if (answers.length < threshold) {
    throw new TributaryError(
      "shares-missing",
      `Cannot open a sum: ${answers.length} helpers answered, ${threshold} must`,
    );
  }
  const { memory } = core;
  const mark = memory.mark();
  const rows = memory.alloc(key.bytes * answers.length);
  const row = (at: number): Span => ({ ptr: rows.ptr + at * key.bytes, bytes: key.bytes });
  try {
    answers.forEach(({ share }, at) => {
      if (share.length !== key.bytes) {
        throw new TributaryError(
          "length-mismatch",
          `Cannot join a share of ${share.length} bytes: expected ${key.bytes}`,
        );
      }
      memory.u8(key).fill(0);
      memory.u8(row(at)).set(share);
      if (!core.addShares(key, row(at))) refuseWords();
    });
    const chosen = {
      places: places.slice(0, threshold),
      rows: { ptr: rows.ptr, bytes: key.bytes * threshold },
    };
    places.slice(threshold).forEach((target, at) => {
      core.interpolateShares({ ...chosen, target, out: key });
      const spare = memory.u32(row(threshold + at));
      if (memory.u32(key).some((word, i) => word !== spare[i])) {
        throw new TributaryError(
          "shares-inconsistent",
          `Cannot open a sum: the share of helper ${target} is not on one polynomial with those of helpers ${chosen.places}`,
        );
      }
    });
    core.interpolateShares({ ...chosen, target: 0, out: key });
  } finally {
    memory.u8(rows).fill(0);
    memory.release(mark);
  }
}
