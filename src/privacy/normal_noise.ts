/**
 * Normal noise without the holes of floating point: Karney, "Sampling Exactly from the Normal
 * Distribution", ACM TOMS 42:1, 2016, algorithm N.
 *
 * Methods that go by logarithms and cosines reach only some of the numbers near each sum, and which
 * ones tells the sum (Mironov, CCS 2012). Here noise goes onto *integers*: the sum of a whole number
 * and of noise rounded to whole numbers is the rounding of the sum and the noise, so nothing is
 * released but a function of the continuous mechanism's outcome, and what is proved of that holds.
 *
 * @module
 */
import type { NoiseStream } from "./noise_stream.ts";

/**
 * One draw from the standard normal distribution: a whole part, which is exact, and a uniform fraction
 * of 53 bits.
 *
 * @example A thousand draws have a mean near 0
 * ```ts
 * import { createAggregateCore, inlineModule } from "../wasm/mod.ts";
 * import { drawNormal } from "./normal_noise.ts";
 * import { noiseStream } from "./noise_stream.ts";
 *
 * using core = createAggregateCore(await inlineModule("aggregate"));
 * const stream = noiseStream(core, new Uint8Array(32));
 * let sum = 0;
 * for (let i = 0; i < 1000; i++) sum += drawNormal(stream);
 * if (Math.abs(sum) > 200) throw new Error("biased");
 * ```
 */
export function drawNormal(stream: NoiseStream): number {
  for (;;) {
    // k with probability ∝ e^(−k/2), then kept with e^(−k(k−1)/2).
    let whole = 0;
    while (isBelowHalf(stream)) whole++;
    let kept = true;
    for (let i = whole * (whole - 1); kept && i > 0; i--) kept = isBelowHalf(stream);
    if (!kept) continue;
    // Half a step above, so that no value is 0 and both signs have the same numbers.
    const x = stream.uniform() + 2 ** -54;
    // e^(−x(2k + x)/2), as k + 1 factors whose exponents are below 1.
    const exponent = x * (2 * whole + x) / (2 * whole + 2);
    for (let i = 0; kept && i <= whole; i++) kept = happens(exponent, stream);
    if (!kept) continue;
    return stream.bit() === 0 ? whole + x : -whole - x;
  }
}

/** With probability `e^−½`. */
function isBelowHalf(stream: NoiseStream): boolean {
  return happens(0.5, stream);
}

/**
 * With probability `e^−γ` for `γ` in `[0, 1]`: the length of a run of draws below `γ/1, γ/2, …` is even
 * so often (von Neumann 1951). No exponential is computed, so all runtimes draw alike.
 */
function happens(exponent: number, stream: NoiseStream): boolean {
  let run = 1;
  while (stream.uniform() < exponent / run) run++;
  return run % 2 === 1;
}

/**
 * Adds normal noise of standard deviation `stddev`, rounded to whole numbers, to whole numbers.
 *
 * As fractions have 53 bits, the chance of each whole number is within a factor `e^±(64σ·2^−53)` of what
 * it should be: a whole number has `2^53/σ` fractions, give or take one, products are rounded up to
 * `12σ` from 0, and each of the trials is off by `2^−53` at most. So many values add twice that to `ε`.
 *
 * @param values Whole numbers; changed in place.
 */
export function addNormalNoise(
  values: Int32Array | Float64Array,
  { stddev, stream }: { readonly stddev: number; readonly stream: NoiseStream },
): void {
  for (let i = 0; i < values.length; i++) {
    values[i] = (values[i] ?? 0) + Math.round(stddev * drawNormal(stream));
  }
}
