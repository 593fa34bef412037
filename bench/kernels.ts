/**
 * The aggregation kernels in one thread, beside the same loop in plain JavaScript over typed arrays.
 * Run as a script, it prints a table.
 *
 * @module
 */
import { createAggregateCore, inlineModule } from "../src/wasm/mod.ts";

/** One kernel's speed and that of its reference. */
export interface KernelFigure {
  /** What was measured. */
  readonly kernel: string;
  /** What it was compared to. */
  readonly reference: string;
  /** Bytes of input that one call reads, not counting an accumulator. */
  readonly inputBytes: number;
  /** Milliseconds of a call, the best of many. */
  readonly ms: number;
  /** Milliseconds of the reference for the same input, the best of many. */
  readonly referenceMs: number;
}

/** GB of input in a second, 10^9 bytes. */
export function gigabytesPerSecond({ inputBytes, ms }: KernelFigure): number {
  return inputBytes / ms / 1e6;
}

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

/** Measures ring addition over one slice of 1 MiB, and quantising 1 M float32 values. */
export async function measureKernels(): Promise<KernelFigure[]> {
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
  return [
    {
      kernel: "ring add, 1 MiB slice",
      reference: "loop over Uint32Array",
      inputBytes: slice,
      ms: addMs / repeats,
      referenceMs: plainAddMs / repeats,
    },
    {
      kernel: "quantise, 1 M values with ChaCha20",
      reference: "loop with xorshift32, no ChaCha20",
      inputBytes: 4 * values,
      ms: quantiseMs,
      referenceMs: plainQuantiseMs,
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

if (import.meta.main) {
  for (const figure of await measureKernels()) {
    const speed = gigabytesPerSecond(figure).toFixed(2);
    const ratio = (figure.referenceMs / figure.ms).toFixed(1);
    const line = `${figure.kernel}: ${figure.ms.toFixed(3)} ms, ${speed} GB/s of input, `;
    console.log(`${line}${ratio} x ${figure.reference} (${figure.referenceMs.toFixed(3)} ms)`);
  }
}
