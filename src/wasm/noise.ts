/**
 * Kernels of distributed noise: rotation, rounding by a given number of steps, and integer noise. See
 * `privacy/noisy_grid.ts` for what they are put to.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import type { InitOutput } from "../../wasm/aggregate/pkg/aggregate.js";
import type { CoreInstance } from "./core_instance.ts";
import type { Span } from "./core_memory.ts";
import { SEED_BYTES } from "./kahe.ts";

/** Fewest values of a block that is rotated; a power of two. */
export const LEAST_BLOCK = 16;

/** Values whose signs one call's share of the keystream decides: those of a later call start there. */
export const SIGNS_A_TURN = 2048;

/** Words of the keystream from one multiple of {@link SIGNS_A_TURN} to the next, in blocks. */
const BLOCKS_A_TURN = 4;

/** Largest limit of {@link NoiseKernels.roundSteps}: float32 tells all whole numbers apart up to here. */
export const MOST_STEPS: number = 2 ** 24 - 1;

/** Samples that a table is rounded for at a time: their lower bits are one draw. */
export const NOISE_RUN = 1024;

/** Words of an entry of a table. */
const ENTRY_WORDS = 4;

/** How values are rounded to whole numbers of steps. */
export interface RoundOptions {
  /** Steps to a unit: values are multiplied by it in float32. */
  readonly scale: number;
  /** What lies beyond so many steps is clamped to them; also added to what comes out. */
  readonly limit: number;
  /** Key of the ChaCha20 stream that decides the rounding, 32 bytes. */
  readonly key: Uint8Array;
  /** Place of the first value in that stream, in words: a multiple of 16. */
  readonly at: number;
}

/** Which noise is added. */
export interface NoiseOptions {
  /** Entry `j` is `2^127 · P(|X| ≥ j)`, from `j = 1`, in four words, the lowest first; falling. */
  readonly table: Uint32Array;
  /** Secret key of the ChaCha20 streams that decide it, 32 bytes. */
  readonly seed: Uint8Array;
  /** Number of the streams, which no other call with this seed may have. */
  readonly stream: number;
  /** Added to every word besides. */
  readonly offset: number;
}

/** What the core does for distributed noise. */
export interface NoiseKernels {
  /**
   * Turns over the signs of float32 values by the bits of a seed's keystream.
   *
   * @param at Number of the first value, a multiple of {@link SIGNS_A_TURN}.
   */
  flipSigns(x: Span, options: { readonly seed: Uint8Array; readonly at: number }): void;
  /**
   * Multiplies each block of float32 values by the Hadamard matrix in Sylvester's order over the root
   * of its length, in place: its own inverse, and no length changes.
   *
   * @param block Values of a block, a power of two from {@link LEAST_BLOCK}.
   * @throws {RangeError} If the values are no whole blocks.
   */
  hadamard(x: Span, block: number): void;
  /**
   * Rounds values to whole numbers of steps, stochastically as {@link AggregateCore.quantise} does.
   *
   * @throws {TributaryError} `update-not-finite` if a value is NaN or infinite; `out` is unchanged.
   */
  roundSteps(x: Span, out: Span, options: RoundOptions): void;
  /** Signed words less `offset`, times `unit` in float64, as float32. */
  unroundSteps(
    words: Span,
    out: Span,
    options: { readonly offset: number; readonly unit: number },
  ): void;
  /** Sum of the squares of words less `offset`, as signed words; exact below 2^53. */
  squaredSteps(words: Span, offset: number): number;
  /** Adds to each word a sample of a symmetric distribution, mod 2^32. */
  addNoise(words: Span, options: NoiseOptions): void;
}

/** The kernels over an instance. */
export function noiseKernels(
  { memory, call }: Pick<CoreInstance<InitOutput>, "memory" | "call">,
): NoiseKernels {
  /** Runs work with bytes in the core's memory, which are wiped after it. */
  function withBytes<T>(bytes: Uint8Array, work: (span: Span) => T): T {
    const mark = memory.mark();
    const span = memory.alloc(bytes.length);
    memory.u8(span).set(bytes);
    try {
      return work(span);
    } finally {
      memory.u8(span).fill(0);
      memory.release(mark);
    }
  }

  function checkSeed(seed: Uint8Array): void {
    if (seed.length !== SEED_BYTES) {
      throw new RangeError(`Cannot use a seed of ${seed.length} bytes: expected ${SEED_BYTES}`);
    }
  }

  function checkWord(name: string, value: number): void {
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** 32) {
      throw new RangeError(`Cannot use ${name} ${value}: expected a word`);
    }
  }

  return {
    flipSigns(x, { seed, at }) {
      checkSeed(seed);
      const length = memory.length(x, 4);
      if (length % 4 !== 0 || !Number.isSafeInteger(at) || at < 0 || at % SIGNS_A_TURN !== 0) {
        throw new RangeError(
          `Cannot turn signs of ${length} values from ${at}: expected whole vectors of four from a multiple of ${SIGNS_A_TURN}`,
        );
      }
      const counter = BLOCKS_A_TURN * at / SIGNS_A_TURN;
      withBytes(seed, (key) => call((core) => core.flip_signs(x.ptr, length, key.ptr, counter)));
    },

    hadamard(x, block) {
      const length = memory.length(x, 4);
      const isPower = Number.isInteger(Math.log2(block));
      if (!(isPower && block >= LEAST_BLOCK && length % block === 0)) {
        throw new RangeError(
          `Cannot rotate ${length} values in blocks of ${block}: expected whole blocks of a power of two from ${LEAST_BLOCK}`,
        );
      }
      call((core) => core.hadamard(x.ptr, length, block));
    },

    roundSteps(x, out, { scale, limit, key, at }) {
      checkSeed(key);
      const length = memory.length(x, 4);
      const fits = memory.length(out, 4) === length && Number.isSafeInteger(at / 16) && at >= 0 &&
        Number.isInteger(limit) && limit >= 1 && limit <= MOST_STEPS &&
        scale > 0 && Number.isFinite(Math.fround(scale));
      if (!fits) {
        throw new RangeError(
          `Cannot round ${length} values to ${out.bytes / 4} by ${scale} up to ${limit} from ${at}`,
        );
      }
      const done = withBytes(
        key,
        (key) =>
          call((core) =>
            core.quantise(x.ptr, out.ptr, length, limit, scale, key.ptr, at / 16, 0) >>> 0
          ),
      );
      if (done === length) return;
      throw new TributaryError(
        "update-not-finite",
        `Cannot use a value that is ${
          memory.f32(x)[done]
        } at index ${done}: expected finite values`,
      );
    },

    unroundSteps(words, out, { offset, unit }) {
      const length = memory.length(words, 4);
      if (memory.length(out, 4) !== length || !Number.isFinite(unit)) {
        throw new RangeError(
          `Cannot turn ${length} words into ${out.bytes / 4} values of ${unit}: expected as many`,
        );
      }
      checkWord("offset", offset);
      call((core) => core.dequantise(words.ptr, out.ptr, length, offset, unit));
    },

    squaredSteps(words, offset) {
      checkWord("offset", offset);
      const length = memory.length(words, 4);
      return call((core) => core.squared_words(words.ptr, length, offset));
    },

    addNoise(words, { table, seed, stream, offset }) {
      checkSeed(seed);
      checkWord("stream", stream);
      checkWord("offset", offset);
      const entries = table.length / ENTRY_WORDS;
      if (!Number.isInteger(entries)) {
        throw new RangeError(`Cannot use a table of ${table.length} words: expected four an entry`);
      }
      const length = memory.length(words, 4);
      const steps = 2 ** Math.ceil(Math.log2(entries + 1));
      const mark = memory.mark();
      try {
        const [entrySpan, scratch] = [memory.alloc(table.byteLength), memory.alloc(8 * steps)];
        memory.u32(entrySpan).set(table);
        withBytes(seed, (key) =>
          call((core) =>
            core.add_noise(
              ...[words.ptr, length, entrySpan.ptr, entries] as const,
              ...[scratch.ptr, steps, key.ptr, stream, offset] as const,
            )
          ));
      } finally {
        memory.release(mark);
      }
    },
  };
}
