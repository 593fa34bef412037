/**
 * Randomness, injected: bytes from a CSPRNG for whatever must be unpredictable, and a seeded
 * generator for whatever must be repeatable.
 *
 * @module
 */
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";
import { utf8 } from "./bytes.ts";
import { promptDigest } from "./digest.ts";

/** Gives `length` fresh random bytes. */
export type RandomSource = (length: number) => Uint8Array<ArrayBuffer>;

/** The platform's CSPRNG. */
export const systemRandom: RandomSource = (length): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(length);
  // WebCrypto fills at most 64 KiB a call.
  for (let at = 0; at < length; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
  return bytes;
};

/**
 * A 32-byte seed for one purpose, derived from another seed.
 *
 * SHA-256 over the seed and its labels, each with its length in front, so that no two different
 * lists of labels meet. Integers count as their decimal text.
 *
 * @param seed   Any bytes; secret if the result must be.
 * @param labels What the new seed is for, such as `"train", clientId, round`.
 */
export function deriveSeed(
  seed: Uint8Array,
  ...labels: readonly (string | number)[]
): Promise<Uint8Array> {
  // A thousand simulated clients derive thousands of seeds a round.
  return Promise.resolve(promptDigest(labelled(seed, labels)));
}

/** A seed and its labels, each with its length in front. */
function labelled(
  seed: Uint8Array,
  labels: readonly (string | number)[],
): Uint8Array<ArrayBuffer> {
  const parts = [seed, ...labels.map((label) => utf8(String(label)))];
  const list = new Uint8Array(parts.reduce((sum, { length }) => sum + 4 + length, 0));
  let at = 0;
  for (const part of parts) {
    // Its length as four bytes, little-endian.
    for (let byte = 0; byte < 4; byte++) list[at + byte] = part.length >>> (8 * byte);
    list.set(part, at + 4);
    at += 4 + part.length;
  }
  return list;
}

/**
 * Bytes out of a seed, repeatable, that nobody can tell who has not the seed: SHA-256 over the seed and
 * a counter.
 *
 * @param seed Secret, and used for nothing else.
 *
 * @example The same seed gives the same bytes
 * ```ts
 * import { seededSource } from "./random.ts";
 *
 * const [one, other] = [seededSource(new Uint8Array(32)), seededSource(new Uint8Array(32))];
 * if (one(40).join() !== other(40).join()) throw new Error("not repeatable");
 * ```
 */
export function seededSource(seed: Uint8Array): RandomSource {
  let counter = 0;
  let left: Uint8Array = new Uint8Array();
  return (length) => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length;) {
      if (left.length === 0) left = promptDigest(labelled(seed, ["bytes", counter++]));
      const part = left.subarray(0, length - at);
      bytes.set(part, at);
      at += part.length;
      left = left.subarray(part.length);
    }
    return bytes;
  };
}

/** A repeatable stream of numbers. Not for secrets: its next values can be told from the last ones. */
export interface Rng {
  /** Uniform integer in `[0, 2^32)`. */
  u32(): number;
  /** Uniform integer in `[0, bound)`, without bias; `bound` in `[1, 2^32]`. */
  below(bound: number): number;
  /** Uniform in `[0, 1)`, 53 random bits. */
  uniform(): number;
  /**
   * Mean 0, variance 1: twelve uniforms less six, so between −6 and 6.
   *
   * Made of additions alone, it has the same bits in every runtime; logarithms and cosines do not.
   */
  normal(): number;
}

/**
 * xoroshiro128+ seeded with the first 16 bytes of `seed`.
 *
 * @throws {RangeError} If `seed` is shorter than 16 bytes.
 *
 * @example The same seed gives the same numbers
 * ```ts
 * import { deriveSeed, seededRng } from "./random.ts";
 *
 * const seed = await deriveSeed(new Uint8Array(32), "example");
 * if (seededRng(seed).below(10) !== seededRng(seed).below(10)) throw new Error("not repeatable");
 * ```
 */
export function seededRng(seed: Uint8Array): Rng {
  if (seed.length < 16) {
    throw new RangeError(`Cannot seed a generator: ${seed.length} bytes, expected at least 16`);
  }
  const view = new DataView(seed.buffer, seed.byteOffset, 16);
  const words = [0, 4, 8, 12].map((at) => view.getInt32(at, true));
  // The all-zero state is the generator's one fixed point.
  const generator = xoroshiro128plusFromState(
    words.some((word) => word !== 0) ? words : [1, 0, 0, 0],
  );
  const rng: Rng = {
    u32: () => generator.next() >>> 0,
    below(bound) {
      if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) {
        throw new RangeError(`Cannot draw below ${bound}: expected an integer in [1, 2^32]`);
      }
      return uniformInt(generator, 0, bound - 1);
    },
    uniform: () => (rng.u32() * 2 ** 21 + (rng.u32() >>> 11)) * 2 ** -53,
    normal() {
      let sum = -6;
      for (let i = 0; i < 12; i++) sum += rng.uniform();
      return sum;
    },
  };
  return rng;
}
