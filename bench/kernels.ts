/**
 * The aggregation kernels in one thread, beside the same loop in plain JavaScript over typed arrays.
 * Run as a script, it prints a table.
 *
 * @module
 */
import { createAggregateCore, inlineModule } from "../src/wasm/mod.ts";
import type { Figure } from "./figure.ts";
import { renderFigures } from "./figure_table.ts";

/** Milliseconds of the fastest of `turns` calls of each, taken in turn so that both meet the same machine. */
function best(turns: number, first: () => void, second: () => void): [number, number] {
  const times: [number, number] = [Infinity, Infinity];
  for (let turn = 0; turn < turns; turn++) {
    for (const [i, call] of [first, second].entries()) {
      const began = performance.now();
      call();
      times[i] = Math.min(times[i] ?? Infinity, performance.now() - began);
    }
  }
  return times;
}

/** Measures ring addition over one slice of 1 MiB, and quantising 1 M float32 values, by the best of many. */
export async function measureKernels(): Promise<Figure[]> {
  using core = createAggregateCore(await inlineModule("aggregate"));
  const { memory } = core;
  const slice = 1 << 20;
  // A slice is added in less than a tenth of a millisecond: a turn is many of them.
  const repeats = 32;
  const [acc, parcel] = [memory.alloc(slice), memory.alloc(slice)];
  const values = 1_000_000;
  const [x, out] = [memory.alloc(4 * values), memory.alloc(4 * values)];
  memory.f32(x).forEach((_, i, all) => all[i] = Math.sin(i));

  const [a, b] = [new Uint32Array(slice / 4), new Uint32Array(slice / 4).fill(0x9e3779b9)];
  const [addMs, plainAddMs] = best(
    60,
    () => {
      for (let i = 0; i < repeats; i++) core.addU32(acc, parcel);
    },
    () => {
      for (let i = 0; i < repeats; i++) addPlain(a, b);
    },
  );
  const plain = { x: memory.f32(x).slice(), out: new Uint32Array(values) };
  const key = new Uint8Array(32).fill(7);
  const [quantiseMs, plainQuantiseMs] = best(
    30,
    () => core.quantise(x, out, { range: 1, bits: 16, key, at: 0 }),
    () => quantisePlain(plain.x, plain.out),
  );
  // Bytes that one call reads, not counting an accumulator.
  const speed = (inputBytes: number, ms: number): number => inputBytes / ms / 1e6;
  return [
    {
      name: "ring add, 1 MiB slice",
      value: speed(slice, addMs / repeats),
      unit: "GB/s",
      reference: { name: "loop over Uint32Array", value: speed(slice, plainAddMs / repeats) },
      goal: { kind: "at least", bound: 10 },
    },
    {
      name: "quantise, 1 M values with ChaCha20",
      value: speed(4 * values, quantiseMs),
      unit: "GB/s",
      reference: {
        name: "loop with xorshift32, no ChaCha20",
        value: speed(4 * values, plainQuantiseMs),
      },
      goal: { kind: "at least", bound: 1 },
    },
  ];
}

function addPlain(acc: Uint32Array, x: Uint32Array): void {
  for (let i = 0; i < acc.length; i++) acc[i] = (acc[i] ?? 0) + (x[i] ?? 0);
}

/** The same rounding by a generator that costs almost nothing, which favours the reference. */
function quantisePlain(x: Float32Array, out: Uint32Array): void {
  let state = 1;
  for (let i = 0; i < x.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const y = Math.fround(Math.max(-32767, Math.min(32767, (x[i] ?? 0) * 32767)));
    const floor = Math.floor(y);
    out[i] = floor + ((state >>> 8) / 2 ** 24 < y - floor ? 1 : 0) + 32767;
  }
}

if (import.meta.main) console.log(renderFigures(await measureKernels()));
