/**
 * How much of a mean update is noise, before anything is trained, and what that left where it was
 * measured.
 *
 * @module
 */

/** What decides over the size of the noise beside that of the updates. */
export interface NoiseShare {
  /** Noise multiplier. */
  readonly noise: number;
  /** Values of an update. */
  readonly dim: number;
  /** Clients in a round, on average. */
  readonly clients: number;
}

/**
 * Length of the noise over that of a mean of updates that all have the largest norm and agree:
 * `noise·√dim / clients`. Real updates agree far less, so that what trains is less than this says.
 *
 * @example
 * ```ts
 * import { noiseShare } from "./mod.ts";
 *
 * if (noiseShare({ noise: 2, dim: 10_000, clients: 400 }) !== 0.5) throw new Error("not a half");
 * ```
 */
export function noiseShare({ noise, dim, clients }: NoiseShare): number {
  return noise * Math.sqrt(dim) / clients;
}

/** Share of noise at which half of the gain is left, and how steeply it falls there. */
const HALF = 0.2;
const STEEPNESS = 1.6;

/**
 * About what part of the gain over popularity is left of learning under noise of so large a share: a
 * curve through what was measured of second-order factorisation, on films and on invented people (see
 * docs/PRIVACY.md). Between 0 and 1; an estimate, whose error is as large as 0.2 in the middle.
 */
export function gainKept(share: number): number {
  return 1 / (1 + (share / HALF) ** STEEPNESS);
}
