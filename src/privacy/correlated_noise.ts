/**
 * The noise of DP-FTRL, round by round: row after row of `C⁻¹z`, from as many buffers as the strategy
 * has (see blt.ts).
 *
 * @module
 */
import type { NamedTensors, Tensor } from "../core/tensor.ts";
import { tensorOf, zeros } from "../core/tensor.ts";
import type { Blt } from "./blt.ts";
import { drawNormal } from "./normal_noise.ts";
import type { NoiseStream } from "./noise_stream.ts";

/**
 * A buffer is kept as the sum of two float32 tensors, the second of what the first leaves over: 48 bits,
 * so that what rounding does to the noise is far below what anyone could tell.
 */
const PARTS = ["high", "low"] as const;

/** Buffers before the first round. */
export function emptyBuffers({ decay }: Blt, values: number): NamedTensors {
  return Object.fromEntries(
    decay.flatMap((_, j) => PARTS.map((part) => [bufferName(j, part), zeros([values])])),
  );
}

/** One round's noise. */
export interface CorrelatedNoise {
  /** The strategy. */
  readonly blt: Blt;
  /** What the last round, or {@link emptyBuffers}, left. */
  readonly buffers: NamedTensors;
  /** Standard deviation of `z`, in whole numbers. */
  readonly stddev: number;
  /** Where `z` comes from. */
  readonly stream: NoiseStream;
}

/**
 * Adds a round's noise, rounded to whole numbers, to whole numbers: `n = z − Σ_j ω_j·s_j`, whereupon
 * `s_j = θ_j·s_j + n`.
 *
 * @param values Whole numbers; changed in place.
 * @returns The buffers after the round; those given stay as they were.
 * @throws {RangeError} If a buffer is missing, or not of as many values.
 */
export function addCorrelatedNoise(
  values: Int32Array,
  { blt: { decay, weight }, buffers, stddev, stream }: CorrelatedNoise,
): NamedTensors {
  const old = decay.map((_, j) => PARTS.map((part) => tensorOf(buffers, bufferName(j, part)).data));
  const wrong = old.flat().find(({ length }) => length !== values.length);
  if (wrong !== undefined) {
    throw new RangeError(
      `Cannot add noise to ${values.length} values: its buffers have ${wrong.length}`,
    );
  }
  const next = old.map(() => PARTS.map(() => new Float32Array(values.length)));
  const held = new Float64Array(decay.length);
  for (let i = 0; i < values.length; i++) {
    let noise = stddev * drawNormal(stream);
    for (let j = 0; j < held.length; j++) {
      const buffer = (old[j]?.[0]?.[i] ?? 0) + (old[j]?.[1]?.[i] ?? 0);
      held[j] = buffer;
      noise -= (weight[j] ?? 0) * buffer;
    }
    for (let j = 0; j < held.length; j++) {
      const buffer = (decay[j] ?? 0) * (held[j] ?? 0) + noise;
      const high = Math.fround(buffer);
      const parts = next[j];
      if (parts?.[0] === undefined || parts[1] === undefined) continue;
      parts[0][i] = high;
      parts[1][i] = buffer - high;
    }
    values[i] = (values[i] ?? 0) + Math.round(noise);
  }
  return Object.fromEntries(
    next.flatMap((parts, j) =>
      parts.map((data, part): [string, Tensor] => [
        bufferName(j, PARTS[part] ?? "high"),
        { shape: [values.length], data },
      ])
    ),
  );
}

function bufferName(buffer: number, part: (typeof PARTS)[number]): string {
  return `privacy/buffer/${buffer}/${part}`;
}
