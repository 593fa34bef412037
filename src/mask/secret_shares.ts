/**
 * Secrets of 32 bytes in shares, for `secagg_plus`: Shamir's sharing over the core's field.
 *
 * The field has fewer than 2^30 elements, so a secret is nine of them: its 256 bits, lowest first, in
 * words of 29 bits, the last one of 24. Every word is shared by itself.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import type { RandomSource } from "../core/random.ts";
import type { AggregateCore } from "../wasm/aggregate.ts";
import type { Span } from "../wasm/core_memory.ts";
import { MOST_SHARES, SEED_BYTES, SHARE_PRIME } from "../wasm/kahe.ts";
import { SECRET_SHARE_BYTES } from "../wire/phase_up.ts";

const WORD_BITS = 29;
const WORDS = SECRET_SHARE_BYTES / 4;
/** What kernels take is whole vectors of four words. */
const VECTOR = 4;

/** Words of a secret. */
export function secretWords(secret: Uint8Array): Uint32Array<ArrayBuffer> {
  if (secret.length !== SEED_BYTES) {
    throw new RangeError(`Cannot share a secret of ${secret.length} bytes: expected ${SEED_BYTES}`);
  }
  const words = new Uint32Array(WORDS);
  for (let bit = 0; bit < 8 * SEED_BYTES; bit++) {
    const value = (secret[bit >> 3] ?? 0) >> (bit & 7) & 1;
    const at = Math.floor(bit / WORD_BITS);
    words[at] = (words[at] ?? 0) | value << (bit % WORD_BITS);
  }
  return words;
}

/**
 * The secret of words.
 *
 * @throws {TributaryError} `shares-inconsistent` if no secret has them.
 */
export function wordsSecret(words: Uint32Array): Uint8Array<ArrayBuffer> {
  const secret = new Uint8Array(SEED_BYTES);
  const last = 8 * SEED_BYTES - WORD_BITS * (WORDS - 1);
  let over = 0;
  words.forEach((word, at) => over |= word >>> (at === WORDS - 1 ? last : WORD_BITS));
  if (over !== 0 || words.length !== WORDS) {
    throw new TributaryError(
      "shares-inconsistent",
      "Cannot put a secret together: its shares lie on no common polynomial",
    );
  }
  for (let bit = 0; bit < 8 * SEED_BYTES; bit++) {
    const value = (words[Math.floor(bit / WORD_BITS)] ?? 0) >> (bit % WORD_BITS) & 1;
    secret[bit >> 3] = (secret[bit >> 3] ?? 0) | value << (bit & 7);
  }
  return secret;
}

/** How secrets are cut. */
export interface SplitSecrets {
  /** How many shares, at most {@link MOST_SHARES}. */
  readonly shares: number;
  /** How many of them give a secret back. */
  readonly threshold: number;
  /** CSPRNG. */
  readonly random: RandomSource;
}

/**
 * Shares of secrets of 32 bytes, for parties at 1, 2 and so on: for each party one share of each
 * secret, {@link SECRET_SHARE_BYTES} long. What was drawn for it is forgotten.
 */
export function splitSecrets(
  core: AggregateCore,
  secrets: readonly Uint8Array[],
  { shares, threshold, random }: SplitSecrets,
): Uint8Array<ArrayBuffer>[][] {
  if (threshold < 1 || threshold > shares || shares > MOST_SHARES) {
    throw new RangeError(
      `Cannot share a secret among ${shares} with a threshold of ${threshold}: expected 1 to ${MOST_SHARES}`,
    );
  }
  const { memory } = core;
  const rowWords = Math.ceil(WORDS * secrets.length / VECTOR) * VECTOR;
  const mark = memory.mark();
  const rows = memory.alloc(4 * rowWords * threshold);
  const out = memory.alloc(4 * rowWords);
  const row = (at: number): Span => ({ ptr: rows.ptr + 4 * rowWords * at, bytes: 4 * rowWords });
  const cut = (words: Uint32Array): Uint8Array<ArrayBuffer>[] =>
    secrets.map((_, at) =>
      new Uint8Array(words.slice(WORDS * at, WORDS * (at + 1)).buffer as ArrayBuffer)
    );
  try {
    memory.u32(row(0)).fill(0);
    secrets.forEach((secret, at) => {
      const words = secretWords(secret);
      memory.u32(row(0)).set(words, WORDS * at);
      words.fill(0);
    });
    for (let at = 1; at < threshold; at++) {
      const seed = random(SEED_BYTES);
      core.expandShare(seed, row(at));
      seed.fill(0);
    }
    const places = Array.from({ length: threshold }, (_, at) => at);
    return Array.from({ length: shares }, (_, at) => {
      if (at + 1 < threshold) return cut(memory.u32(row(at + 1)));
      core.interpolateShares({ places, rows, target: at + 1, out });
      return cut(memory.u32(out));
    });
  } finally {
    memory.u8(rows).fill(0);
    memory.u8(out).fill(0);
    memory.release(mark);
  }
}

/** One party's share of a secret. */
export interface SecretShare {
  /** Which party, from 1. */
  readonly party: number;
  /** {@link SECRET_SHARE_BYTES}. */
  readonly share: Uint8Array;
}

/**
 * The secret that as many shares as the threshold stand for.
 *
 * @throws {TributaryError} `shares-inconsistent` if they stand for none.
 */
export function joinSecret(
  core: AggregateCore,
  shares: readonly SecretShare[],
): Uint8Array<ArrayBuffer> {
  const { memory } = core;
  const rowWords = Math.ceil(WORDS / VECTOR) * VECTOR;
  const mark = memory.mark();
  const rows = memory.alloc(4 * rowWords * shares.length);
  const out = memory.alloc(4 * rowWords);
  try {
    memory.u8(rows).fill(0);
    shares.forEach(({ share }, at) => {
      checkShare(share);
      memory.u8(rows).set(share, 4 * rowWords * at);
    });
    core.interpolateShares({ places: shares.map(({ party }) => party), rows, target: 0, out });
    return wordsSecret(memory.u32(out).slice(0, WORDS));
  } finally {
    memory.u8(rows).fill(0);
    memory.u8(out).fill(0);
    memory.release(mark);
  }
}

/**
 * Checks that bytes are a share.
 *
 * @throws {TributaryError} `share-malformed` for another length, or a word that is not in the field.
 */
export function checkShare(share: Uint8Array): void {
  const view = new DataView(share.buffer, share.byteOffset, share.length);
  const isShare = share.length === SECRET_SHARE_BYTES &&
    Array.from({ length: WORDS }, (_, at) => view.getUint32(4 * at, true))
      .every((word) => word < SHARE_PRIME);
  if (isShare) return;
  throw new TributaryError(
    "share-malformed",
    `Cannot take a share of ${share.length} bytes: expected ${WORDS} words below ${SHARE_PRIME}`,
  );
}
