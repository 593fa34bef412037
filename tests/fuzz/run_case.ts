/**
 * One case of one decoder: the same seed, name and number make the same case and the same verdict.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { equalBytes } from "../../src/core/bytes.ts";
import { isErrorCode, TributaryError } from "../../src/core/errors.ts";
import { seededRng } from "../../src/core/random.ts";
import type { Decoder } from "./decoder.ts";
import { caseOf } from "./mutate.ts";
import { watchedAllocations } from "./watched_allocations.ts";

/** Longest that a case of 64 KiB may take: a thousand times what it takes. */
const MOST_MS = 2000;

/** Which case. */
export interface CaseName {
  /** Seed of the whole run. */
  readonly seed: number;
  /** Number of the case, from 0. */
  readonly index: number;
}

/** What is wrong with a decoder. */
export interface Failure extends CaseName {
  /** Name of the decoder. */
  readonly decoder: string;
  /** What it did, and what it should have. */
  readonly found: string;
  /** The case. */
  readonly bytes: Uint8Array;
}

/** The bytes of a case. */
export function bytesOfCase(decoder: Decoder, { seed, index }: CaseName): Uint8Array {
  const name = `${seed}/${decoder.name}/${index}`;
  return caseOf(decoder, seededRng(createHash("sha256").update(name).digest()));
}

/**
 * Runs a case: a decoder reads it, or refuses it by an error with a code of the library, in reasonable
 * time and room; what it reads is what it is encoded to.
 *
 * @returns undefined if it does.
 */
export async function runCase(decoder: Decoder, name: CaseName): Promise<Failure | undefined> {
  const bytes = bytesOfCase(decoder, name);
  const fails = (found: string): Failure => ({ ...name, decoder: decoder.name, found, bytes });
  // What a decoder wipes or keeps is its own copy's.
  const given = bytes.slice();
  const began = performance.now();
  watchedAllocations.most = 0;
  try {
    const encoded = await decoder.decode(given);
    if (encoded !== undefined && !equalBytes(encoded.again, encoded.from)) {
      return fails("it was accepted, and encodes to other bytes than it was read from");
    }
  } catch (error) {
    if (!(error instanceof TributaryError) || !isErrorCode(error.code)) {
      return fails(`it threw ${error}, expected a TributaryError`);
    }
    if (!/^Cannot /.test(error.message)) return fails(`it was refused by "${error.message}"`);
  }
  const ms = performance.now() - began;
  if (ms > MOST_MS) return fails(`it took ${Math.round(ms)} ms`);
  const { most } = watchedAllocations;
  return most > 0 ? fails(`it asked for ${most} elements at once`) : undefined;
}
