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

/** Share of noise at which about half of the gain is left. */
const HALF = 0.16;
/** How far below popularity a model falls that learned noise alone, over the gain without noise. */
const LOSS = 0.1;

/**
 * About what part of the gain over popularity is left of learning under noise of so large a share; 0
 * where nothing is, or less. A curve through what was measured of second-order factorisation on
 * invented people and on films (docs/PRIVACY.md), from which measurements differ by about 0.1; other
 * models and data differ by more.
 *
 * @example
 * ```ts
 * import { gainKept } from "./mod.ts";
 *
 * if (gainKept(0.02) < 0.9 || gainKept(0.6) > 0) throw new Error("unexpected");
 * ```
 */
export function gainKept(share: number): number {
  return Math.max(0, (1 + LOSS) / (1 + (share / HALF) ** 2) - LOSS);
}
