/**
 * The aggregation core: exact integer addition, and the one rule by which float32 values become
 * integers and come back. The same bits in every runtime.
 *
 * @module
 */

import { TributaryError } from "../core/errors.ts";
import type { InitOutput } from "../../wasm/aggregate/pkg/aggregate.js";
import { instantiateCore } from "./core_instance.ts";
import type { CoreMemory, Span } from "./core_memory.ts";
import { type KaheKernels, kaheKernels } from "./kahe.ts";
import { type NoiseKernels, noiseKernels } from "./noise.ts";

/** Fewest bits of a quantised value: the grid is then {−1, 0, 1}. */
export const MIN_BITS = 2;

/** Most bits of a quantised value: float32 tells all grid points apart up to here. */
export const MAX_BITS = 25;

/** Words of keystream a key gives: 16 a block, with a block counter of 32 bits. */
const KEYSTREAM_WORDS = 2 ** 36;
const KEY_BYTES = 32;

/** The grid that values are rounded to: `2L + 1` points over ±`range`, `L = 2^(bits−1) − 1`. */
export interface GridOptions {
  /** Bound `c` of a value's magnitude, finite and > 0; what lies beyond is clamped. */
  readonly range: number;
  /** Bits of a value, from {@link MIN_BITS} to {@link MAX_BITS}. */
  readonly bits: number;
}

/** How values are rounded to the grid. */
export interface QuantiseOptions extends GridOptions {
  /** Key of the ChaCha20 stream that decides the rounding, 32 bytes. */
  readonly key: Uint8Array;
  /** Place of the first value in that stream, in words: value `i` uses word `at + i`. */
  readonly at: number;
}

/** How a sum comes back from the grid. */
export interface DequantiseOptions extends GridOptions {
  /** How many updates the sum holds. */
  readonly count: number;
}

/** A core over memory of its own. Spans come from its `memory`; those of one call never overlap. */
export interface AggregateCore extends KaheKernels, NoiseKernels, Disposable {
  /** The arena that spans are taken from. */
  readonly memory: CoreMemory;
  /**
   * Adds words mod 2^32: `acc += x`.
   *
   * @throws {RangeError} If lengths differ, or spans overlap. Nothing has changed then.
   */
  addU32(acc: Span, x: Span): void;
  /**
   * Subtracts words mod 2^32: `acc -= x`.
   *
   * @throws {RangeError} If lengths differ, or spans overlap. Nothing has changed then.
   */
  subU32(acc: Span, x: Span): void;
  /**
   * Place of the first word above `most`, or -1 if there is none: whether an update is one that the
   * grid can give.
   *
   * @throws {RangeError} If `most` is no whole number in `[0, 2^32)`.
   */
  firstAboveU32(x: Span, most: number): number;
  /**
   * Rounds float32 values to the grid: `y = clamp(x·(L/c), −L, L)` in float32 (with `L/c` rounded
   * to float32 first), `f = floor(y)`, and `f + (u < y − f) + L` as a word, where
   * `u = (r >>> 8)·2^−24` and `r` is the value's word of the ChaCha20 keystream (RFC 8439,
   * nonce 0, block counter from 0).
   *
   * @param x   float32 values.
   * @param out As many words.
   * @throws {TributaryError} `update-not-finite` if a value is NaN or infinite; `out` is unchanged.
   * @throws {RangeError} If lengths or options do not fit.
   */
  quantise(x: Span, out: Span, options: QuantiseOptions): void;
  /**
   * Turns a sum of quantised updates back: `(sum − count·L)·(c/L)` in float64, rounded to float32.
   *
   * @param sum Words.
   * @param out As many float32 values.
   * @throws {RangeError} If lengths or options do not fit, or the sum of so many updates could
   * have wrapped: `count·2L` must stay below 2^32.
   */
  dequantise(sum: Span, out: Span, options: DequantiseOptions): void;
  /**
   * Sum of the squares of float32 values, in float64 and in one fixed order of addition.
   *
   * @throws {TributaryError} `update-not-finite` if a value is NaN or infinite.
   */
  squaredNorm(x: Span): number;
  /**
   * Multiplies float32 values in place by `factor`, rounded to float32.
   *
   * @throws {RangeError} If `factor` is not a finite float32.
   */
  scale(x: Span, factor: number): void;
}

/** `L` of a grid, with the grid's options checked. */
function limitOf({ range, bits }: GridOptions): number {
  if (!Number.isInteger(bits) || bits < MIN_BITS || bits > MAX_BITS) {
    throw new RangeError(
      `Cannot quantise to ${bits} bits: expected a whole number from ${MIN_BITS} to ${MAX_BITS}`,
    );
  }
  const limit = 2 ** (bits - 1) - 1;
  const scale = Math.fround(limit / range);
  if (!(range > 0 && scale > 0 && Number.isFinite(scale) && Number.isFinite(range))) {
    throw new RangeError(
      `Cannot quantise over ±${range}: expected a number > 0, with ${limit}/${range} in float32's range`,
    );
  }
  return limit;
}

/**
 * Makes a core with memory of its own; `using`, or dropping it, gives the memory back.
 *
 * @param module The compiled core, from {@link inlineModule} or a static import of the `.wasm`.
 */
export function createAggregateCore(module: WebAssembly.Module): AggregateCore {
  const instance = instantiateCore<InitOutput>(module);
  const { memory } = instance;

  /** How many words both spans hold. */
  function pairLength(a: Span, b: Span): number {
    const length = memory.length(a, 4);
    if (memory.length(b, 4) !== length) {
      throw new RangeError(
        `Cannot pair spans of ${a.bytes} and ${b.bytes} bytes: expected equal lengths`,
      );
    }
    if (a.ptr < b.ptr + b.bytes && b.ptr < a.ptr + a.bytes) {
      throw new RangeError(`Cannot pair spans at ${a.ptr} and ${b.ptr}: they overlap`);
    }
    return length;
  }

  return {
    memory,
    ...kaheKernels(instance),
    ...noiseKernels(instance),

    addU32(acc, x) {
      const length = pairLength(acc, x);
      instance.call((core) => core.add_u32(acc.ptr, x.ptr, length));
    },

    subU32(acc, x) {
      const length = pairLength(acc, x);
      instance.call((core) => core.sub_u32(acc.ptr, x.ptr, length));
    },

    firstAboveU32(x, most) {
      if (!Number.isInteger(most) || most < 0 || most >= 2 ** 32) {
        throw new RangeError(`Cannot compare words with ${most}: expected a word`);
      }
      const length = memory.length(x, 4);
      const at = instance.call((core) => core.first_above_u32(x.ptr, length, most));
      return at === length ? -1 : at;
    },

    quantise(x, out, options) {
      const { key, at } = options;
      const length = pairLength(x, out);
      const limit = limitOf(options);
      if (key.length !== KEY_BYTES) {
        throw new RangeError(`Cannot quantise with a key of ${key.length} bytes: expected 32`);
      }
      if (!Number.isSafeInteger(at) || at < 0 || at + length > KEYSTREAM_WORDS) {
        throw new RangeError(
          `Cannot quantise ${length} values from word ${at}: a key's stream has 2^36 words`,
        );
      }
      const mark = memory.mark();
      const keySpan = memory.alloc(KEY_BYTES);
      memory.u8(keySpan).set(key);
      const done = instance.call((core) =>
        core.quantise(
          x.ptr,
          out.ptr,
          length,
          limit,
          limit / options.range,
          keySpan.ptr,
          Math.floor(at / 16),
          at % 16,
        ) >>> 0
      );
      memory.u8(keySpan).fill(0);
      memory.release(mark);
      if (done !== length) refuseValue(memory, x, done);
    },

    dequantise(sum, out, options) {
      const { count, range } = options;
      const length = pairLength(sum, out);
      const limit = limitOf(options);
      if (!Number.isSafeInteger(count) || count < 1 || count * 2 * limit >= 2 ** 32) {
        throw new RangeError(
          `Cannot take apart a sum of ${count} updates of ${options.bits} bits: expected 1 or more, with count·2L below 2^32`,
        );
      }
      instance.call((core) =>
        core.dequantise(sum.ptr, out.ptr, length, count * limit, range / limit)
      );
    },

    squaredNorm(x) {
      const length = memory.length(x, 4);
      const sum = instance.call((core) => core.squared_norm(x.ptr, length));
      if (!Number.isFinite(sum)) {
        refuseValue(memory, x, memory.f32(x).findIndex((value) => !Number.isFinite(value)));
      }
      return sum;
    },

    scale(x, factor) {
      const length = memory.length(x, 4);
      if (!Number.isFinite(Math.fround(factor))) {
        throw new RangeError(`Cannot scale by ${factor}: expected a finite float32`);
      }
      instance.call((core) => core.scale(x.ptr, length, factor));
    },

    [Symbol.dispose]: () => instance[Symbol.dispose](),
  };
}

function refuseValue(memory: CoreMemory, x: Span, index: number): never {
  throw new TributaryError(
    "update-not-finite",
    `Cannot use a value that is ${memory.f32(x)[index]} at index ${index}: expected finite values`,
  );
}
