/**
 * Random bits for noise: one seed from a CSPRNG, stretched by ChaCha20.
 *
 * @module
 */
import type { AggregateCore } from "../wasm/aggregate.ts";

/** A stream of random numbers that nobody can tell the next of who has not the seed. */
export interface NoiseStream {
  /** Uniform over the multiples of 2^−53 in `[0, 1)`. */
  uniform(): number;
  /** 0 or 1. */
  bit(): number;
}

const SEED_BYTES = 32;
const BLOCK_BYTES = 64 * 1024;
const WORDS = (BLOCK_BYTES - SEED_BYTES) / 4;

/**
 * The stream of a seed. Each block of keystream begins with the key of the next one and what was
 * read is overwritten by it, so that who sees the memory later cannot tell the noise that was drawn.
 *
 * @param core Makes the keystream, and is used during calls only.
 * @param seed 32 bytes of a CSPRNG that serve nothing else.
 */
export function noiseStream(core: AggregateCore, seed: Uint8Array): NoiseStream {
  const { memory } = core;
  const block = new Uint32Array(BLOCK_BYTES / 4);
  const key = seed.slice();
  const words = block.subarray(SEED_BYTES / 4);
  let at = WORDS;
  let bits = 0;
  let left = 0;

  function refill(): void {
    const mark = memory.mark();
    const span = memory.alloc(BLOCK_BYTES);
    const bytes = memory.u8(span);
    bytes.fill(0);
    core.addPad(key, span);
    new Uint8Array(block.buffer).set(memory.u8(span));
    memory.u8(span).fill(0);
    memory.release(mark);
    key.set(new Uint8Array(block.buffer, 0, SEED_BYTES));
    block.fill(0, 0, SEED_BYTES / 4);
    at = 0;
  }

  function word(): number {
    if (at === WORDS) refill();
    return words[at++] ?? 0;
  }

  return {
    uniform: () => ((word() >>> 5) * 2 ** 26 + (word() >>> 6)) * 2 ** -53,
    bit() {
      if (left === 0) {
        bits = word();
        left = 32;
      }
      const bit = bits & 1;
      bits >>>= 1;
      left--;
      return bit;
    },
  };
}
