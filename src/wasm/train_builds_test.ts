import assert from "node:assert/strict";
import { seededRng } from "../core/random.ts";
import { inlineModule } from "./inline.ts";
import type { Simd } from "./simd.ts";
import { createTrainCore, type TrainCore } from "./train.ts";

const BUILDS = ["baseline", "relaxed"] as const satisfies readonly Simd[];
const MODULES = {
  baseline: await inlineModule("train", { simd: "baseline" }),
  relaxed: await inlineModule("train", { simd: "relaxed" }),
};

/** A core with spans that hold values, and kernels by name. */
interface Bench {
  /** Address of these values. */
  put(values: Float32Array): number;
  /** The values there now. */
  read(ptr: number, length: number): Float32Array;
  readonly kernel: TrainCore["kernel"];
}

function withBuild<T>(simd: Simd, use: (bench: Bench) => T): T {
  using core = createTrainCore(MODULES[simd]);
  const { memory } = core;
  return use({
    put(values) {
      const span = memory.alloc(values.byteLength);
      memory.f32(span).set(values);
      return span.ptr;
    },
    read: (ptr, length) => memory.f32({ ptr, bytes: 4 * length }).slice(),
    kernel: core.kernel,
  });
}

const rng = seededRng(new Uint8Array(32).fill(9));
const draw = (length: number): Float32Array => Float32Array.from({ length }, () => rng.normal());

interface Sizes {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** `a·b` of dense rows on one build. */
function product(simd: Simd, { m, n, k }: Sizes, a: Float32Array, b: Float32Array): Float32Array {
  return withBuild(simd, ({ put, read, kernel }) => {
    const c = put(new Float32Array(m * n).fill(NaN));
    const scratch = put(new Float32Array(kernel("gemm_scratch")([m, n, k]) / 4));
    kernel("gemm")([put(a), put(b), c, scratch, m, n, k, k, 1, n, 1, n, 1, 1, 0]);
    return read(c, m * n);
  });
}

function assertClose(got: Float32Array, want: ArrayLike<number>, tolerance: number): void {
  assert.equal(got.length, want.length);
  for (const [i, value] of got.entries()) {
    assert.ok(Math.abs(value - want[i]!) <= tolerance, `${value} at ${i}, not ${want[i]}`);
  }
}

const SIZES: readonly Sizes[] = [
  { m: 6, n: 8, k: 16 },
  { m: 25, n: 19, k: 33 },
  { m: 4, n: 70, k: 256 },
];

Deno.test("train builds: a product by the baseline is a float32 loop's, bit for bit", () => {
  for (const { m, n, k } of SIZES) {
    const [a, b] = [draw(m * k), draw(k * n)];
    const want = new Float32Array(m * n).map((_, at) => {
      const [i, j] = [Math.floor(at / n), at % n];
      let sum = 0;
      for (let p = 0; p < k; p++) {
        sum = Math.fround(sum + Math.fround(a[i * k + p]! * b[p * n + j]!));
      }
      return sum;
    });
    assert.deepEqual(product("baseline", { m, n, k }, a, b), want);
  }
});

Deno.test("train builds: both multiply matrices of every kind of size to the same within rounding", () => {
  const skinny = [{ m: 1, n: 40, k: 30 }, { m: 40, n: 2, k: 30 }, { m: 9, n: 300, k: 600 }];
  for (const sizes of [...SIZES, ...skinny]) {
    const [a, b] = [draw(sizes.m * sizes.k), draw(sizes.k * sizes.n)];
    const [baseline, relaxed] = BUILDS.map((simd) => product(simd, sizes, a, b));
    assertClose(relaxed!, baseline!, 2e-6 * sizes.k);
  }
});

Deno.test("train builds: both train a layer to the same within rounding", () => {
  const [rows, inputs, outputs] = [21, 13, 18];
  const [x, w, bias] = [draw(rows * inputs), draw(inputs * outputs), draw(outputs)];
  const dy = draw(rows * outputs);
  const gelu = 2;
  const [baseline, relaxed] = BUILDS.map((simd) =>
    withBuild(simd, ({ put, read, kernel }) => {
      const sizes = [rows, inputs, outputs];
      const scratchFor = (name: string): number =>
        put(new Float32Array(kernel(`${name}_scratch`)(sizes) / 4));
      const [xPtr, wPtr, biasPtr, dyPtr] = [put(x), put(w), put(bias), put(dy)];
      const [z, y] = [put(new Float32Array(dy.length)), put(new Float32Array(dy.length))];
      kernel("linear")([xPtr, wPtr, biasPtr, z, y, scratchFor("linear"), ...sizes, gelu]);
      const gradients = [x, w, bias].map(({ length }) => put(new Float32Array(length)));
      const known = [xPtr, wPtr, z, y, dyPtr];
      const scratch = scratchFor("linear_backward");
      kernel("linear_backward")([...known, ...gradients, scratch, ...sizes, gelu]);
      const [dx, dw, dbias] = gradients;
      return [
        read(y, dy.length),
        read(dx!, x.length),
        read(dw!, w.length),
        read(dbias!, bias.length),
      ];
    })
  );
  for (const [i, values] of relaxed!.entries()) assertClose(values, baseline![i]!, 1e-4);
});

Deno.test("train builds: what multiplies no matrices has the same bits in both", () => {
  const [rows, cols] = [9, 37];
  const [x, gain, shift, moment] = [draw(rows * cols), draw(cols), draw(cols), draw(rows * cols)];
  const [baseline, relaxed] = BUILDS.map((simd) =>
    withBuild(simd, ({ put, read, kernel }) => {
      const results: Float32Array[] = [];
      const [from, out, len] = [put(x), put(x), rows * cols];
      const keep = (): unknown => results.push(read(out, len));
      for (let activation = 0; activation < 7; activation++) {
        kernel("activate")([from, out, len, activation]);
        keep();
      }
      kernel("softmax")([from, out, rows, cols]);
      keep();
      const stats = put(new Float32Array(2 * rows));
      kernel("layer_norm")([from, put(gain), put(shift), out, stats, rows, cols, 1e-5]);
      keep();
      const [mean, square] = [put(moment), put(moment.map(Math.abs))];
      kernel("adam")([out, from, mean, square, len, 1e-3, 0.9, 0.999, 1e-8, 3, 0.01]);
      keep();
      results.push(Float32Array.of(kernel("dot")([from, out, len])));
      return results;
    })
  );
  assert.deepEqual(relaxed, baseline);
});
