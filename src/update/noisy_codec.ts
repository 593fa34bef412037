/**
 * Bounded tensors to the words of a private parcel, and a sum of such words back.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import { type NamedTensors, tensorOf, zeros } from "../core/tensor.ts";
import type { NoisyGrid } from "../privacy/noisy_grid.ts";
import type { AggregateCore } from "../wasm/aggregate.ts";
import { eachBlock } from "./_blocks.ts";
import { gridLimit, type UpdatePlan } from "./plan.ts";

/** Roundings that are tried, each too long with a probability of one in a million. */
const TRIES = 32;

/** What is encoded with. */
export interface NoisyEncoding {
  /** Decides the rounding, 32 bytes. */
  readonly key: Uint8Array;
  /** Decides the rotation, 32 bytes. */
  readonly rotation: Uint8Array;
  /** Decides the noise, 32 bytes: a secret. */
  readonly noise: Uint8Array;
  /** Bound on the tensors. */
  readonly clip: number;
  /** Where the parcel goes; a new array where left out. */
  readonly into?: Uint8Array<ArrayBuffer>;
}

/** What a sum is decoded with. */
export interface NoisyDecoding {
  /** Decides the rotation, 32 bytes. */
  readonly rotation: Uint8Array;
  /** Bound on the tensors. */
  readonly clip: number;
  /** Adds the root's noise to the sum's whole numbers. */
  readonly addNoise?: (steps: Int32Array) => void;
}

/** What both ends know. */
export interface NoisyCodec {
  /** The layout, of a private task. */
  readonly plan: UpdatePlan;
  /** Its grid. */
  readonly grid: NoisyGrid;
}

/**
 * Gives what turns the plan's tensors, bounded already, into a parcel.
 *
 * @param codec `table` is that of a client's noise; none where the root adds it.
 */
export function noisyEncoder(
  core: AggregateCore,
  { plan, grid, table }: NoisyCodec & { readonly table: Uint32Array | undefined },
): (tensors: NamedTensors, encoding: NoisyEncoding) => Uint8Array<ArrayBuffer> {
  const { memory } = core;
  const { words, block, signal, l2 } = grid;
  const { scale } = scaleOf(plan);
  const limit = gridLimit(plan);

  /** Rounds the whole vector once; gives the square of its length. */
  function round(
    vector: Float32Array,
    parcel: Uint8Array,
    { key, at }: { readonly key: Uint8Array; readonly at: number },
  ): number {
    let square = 0;
    eachBlock(core, words, ({ from, to, input, output }) => {
      memory.f32(input).set(vector.subarray(from, to));
      core.roundSteps(input, output, { scale, limit: signal, key, at: at + from });
      square += core.squaredSteps(output, signal);
      parcel.set(memory.u8(output), 4 * from);
    });
    return square;
  }

  return (tensors, { key, rotation, noise, clip, into }) => {
    const parcel = into ?? new Uint8Array(4 * words);
    if (parcel.length !== 4 * words) {
      throw new RangeError(
        `Cannot encode into ${parcel.length} bytes: the plan's parcels have ${4 * words}`,
      );
    }
    const vector = flattened(tensors, { plan, grid, clip });
    eachBlock(core, words, ({ from, to, input }) => {
      memory.f32(input).set(vector.subarray(from, to));
      core.flipSigns(input, { seed: rotation, at: from });
      core.hadamard(input, block);
      vector.set(memory.f32(input), from);
    });
    let tried = 0;
    while (round(vector, parcel, { key, at: tried * words }) > l2 * l2) {
      if (++tried === TRIES) {
        throw new TributaryError(
          "update-misshapen",
          `Cannot round the update: it came out longer than ${l2} steps ${TRIES} times, expected once in a million`,
        );
      }
    }
    let stream = 0;
    eachBlock(core, words, ({ from, to, output }) => {
      memory.u8(output).set(parcel.subarray(4 * from, 4 * to));
      if (table === undefined) shift(memory.u32(output), limit - signal);
      else core.addNoise(output, { table, seed: noise, stream: stream++, offset: limit - signal });
      parcel.set(memory.u8(output), 4 * from);
    });
    return parcel;
  };
}

/** Gives what turns a sum of parcels back into the plan's tensors. */
export function noisyDecoder(
  core: AggregateCore,
  { plan, grid }: NoisyCodec,
): (sum: Uint8Array, clients: number, decoding: NoisyDecoding) => NamedTensors {
  const { memory } = core;
  const { words, block } = grid;
  const { scale } = scaleOf(plan);
  return (sum, clients, { rotation, clip, addNoise }) => {
    if (sum.length !== 4 * words) {
      throw new RangeError(
        `Cannot decode a sum of ${sum.length} bytes: the plan's have ${4 * words}`,
      );
    }
    if (!Number.isInteger(clients) || clients < 1 || clients > plan.maxClients) {
      throw new RangeError(
        `Cannot decode a sum of ${clients} updates: expected 1 to ${plan.maxClients}`,
      );
    }
    const steps = new Int32Array(words);
    new Uint8Array(steps.buffer).set(sum);
    const offset = clients * gridLimit(plan);
    for (let i = 0; i < words; i++) steps[i] = (steps[i] ?? 0) - offset;
    addNoise?.(steps);
    const vector = new Float32Array(words);
    eachBlock(core, words, ({ from, to, input, output }) => {
      memory.i32(input).set(steps.subarray(from, to));
      core.unroundSteps(input, output, { offset: 0, unit: 1 / scale });
      core.hadamard(output, block);
      core.flipSigns(output, { seed: rotation, at: from });
      vector.set(memory.f32(output), from);
    });
    let at = 0;
    return Object.fromEntries(plan.tensors.map(({ name, shape }) => {
      const tensor = zeros(shape);
      const { data } = tensor;
      const factor = grid.factors.get(name);
      const unit = factor === undefined ? clip : 1 / factor;
      for (let i = 0; i < data.length; i++) data[i] = (vector[at + i] ?? 0) * unit;
      at += data.length;
      return [name, tensor] as const;
    }));
  };
}

/** Steps of a unit of the vector. */
function scaleOf({ privacy }: UpdatePlan): { readonly scale: number } {
  if (privacy === undefined) throw new TypeError("Cannot blur updates of a task without a promise");
  return privacy;
}

/** All values in the units of the grid, in order, then padding. */
function flattened(
  tensors: NamedTensors,
  { plan, grid, clip }: NoisyCodec & { readonly clip: number },
): Float32Array {
  const vector = new Float32Array(grid.words);
  let at = 0;
  for (const { name, range } of plan.tensors) {
    const { data } = tensorOf(tensors, name);
    const factor = grid.factors.get(name);
    if (factor === undefined) {
      for (let i = 0; i < data.length; i++) vector[at + i] = (data[i] ?? 0) / clip;
    } else {
      vector[at] = single(name, data[0] ?? NaN, range) * factor;
    }
    at += data.length;
  }
  return vector;
}

/** A single value within its range. */
function single(name: string, value: number, range: number): number {
  if (!Number.isFinite(value)) {
    throw new TributaryError(
      "update-not-finite",
      `Cannot send tensor "${name}": its value at index 0 is ${value}, expected a finite number`,
    );
  }
  return Math.min(Math.max(value, -range), range);
}

function shift(words: Uint32Array, offset: number): void {
  for (let i = 0; i < words.length; i++) words[i] = (words[i] ?? 0) + offset;
}
