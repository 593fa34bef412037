import assert from "node:assert/strict";
import type { Span } from "./core_memory.ts";
import { CoreTrapError } from "./core_trap.ts";
import { inlineModule } from "./inline.ts";
import { fastestSimd, type Simd } from "./simd.ts";
import { createTrainCore, type TrainCore } from "./train.ts";

/** Left where no kernel may write. */
const UNTOUCHED = 1234.5;

const ACTIVATIONS = 7;
const UNARY = { exp: 0, log: 1, sqrt: 2, softplus: 3 };

/** Runs a test over every build of the core that this runtime can run. */
async function overBuilds(name: string, body: (core: TrainCore) => void): Promise<void> {
  for (const simd of new Set<Simd>(["baseline", fastestSimd()])) {
    const module = await inlineModule("train", { simd });
    Deno.test(`train kernels: ${name} (${simd})`, () => {
      using core = createTrainCore(module);
      body(core);
    });
  }
}

/** Puts values `skip` words off the alignment that `alloc` gives. */
function place(core: TrainCore, values: ArrayLike<number>, skip = 0): Span {
  const { ptr } = core.memory.alloc(4 * (values.length + skip));
  const span = { ptr: ptr + 4 * skip, bytes: 4 * values.length };
  core.memory.f32(span).set(values);
  return span;
}

function filled(length: number, value: (i: number) => number): Float32Array {
  return Float32Array.from({ length }, (_, i) => value(i));
}

/** FNV-1a over the bits, word by word. */
function digest(values: Float32Array<ArrayBuffer>): number {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return words.reduce((hash, word) => Math.imul(hash ^ word, 0x01000193), 0x811c9dc5) >>> 0;
}

// The Rust tests of activation.rs and unary.rs expect the same of the build for their host.
await overBuilds("functions of one value have the bits that the host has", (core) => {
  const digests = (kernel: string, count: number, first: number) => {
    const x = place(core, filled(4001, (i) => (i + first) / 128));
    const out = place(core, new Float32Array(4001));
    return Array.from({ length: count }, (_, number) => {
      core.kernel(kernel)([x.ptr, out.ptr, 4001, number]);
      return digest(core.memory.f32(out));
    });
  };
  assert.deepEqual(digests("activate", ACTIVATIONS, -2000), [
    4011190943,
    3720014495,
    3405785468,
    2645433638,
    995925969,
    3331390119,
    4077529060,
  ]);
  assert.deepEqual(digests("unary", 4, 1), [3409527433, 888011195, 915623696, 468182768]);
});

await overBuilds(
  "a value has the same image wherever it stands, and nothing beside is written",
  (core) => {
    const long = filled(64, (i) => (i - 31) / 7);
    const x = place(core, long);
    const whole = place(core, new Float32Array(64));
    for (let activation = 0; activation < ACTIVATIONS; activation++) {
      core.kernel("activate")([x.ptr, whole.ptr, 64, activation]);
      for (let length = 0; length <= 13; length++) {
        for (let skip = 0; skip < 4; skip++) {
          const mark = core.memory.mark();
          const from = place(core, long.subarray(skip, skip + length), skip);
          const out = place(core, new Float32Array(length + 8).fill(UNTOUCHED), skip);
          core.kernel("activate")([from.ptr, out.ptr + 16, length, activation]);
          const got = core.memory.f32(out);
          const edges = [...got.subarray(0, 4), ...got.subarray(length + 4)];
          assert.deepEqual(edges, Array(8).fill(UNTOUCHED));
          const want = core.memory.f32(whole).subarray(skip, skip + length);
          assert.deepEqual(got.subarray(4, length + 4), want);
          core.memory.release(mark);
        }
      }
    }
  },
);

await overBuilds("NaN and infinity go where IEEE 754 sends them", (core) => {
  const x = place(core, [NaN, Infinity, -Infinity, 0, -1]);
  const out = place(core, new Float32Array(5));
  const images = (kernel: string, number: number) => {
    core.kernel(kernel)([x.ptr, out.ptr, 5, number]);
    return [...core.memory.f32(out)];
  };
  const minusOne = images("unary", UNARY.exp)[4] ?? NaN;
  assert.ok(Math.abs(minusOne - Math.exp(-1)) < 1e-7);
  assert.deepEqual(images("unary", UNARY.exp).slice(0, 4), [NaN, Infinity, 0, 1]);
  assert.deepEqual(images("unary", UNARY.log), [NaN, Infinity, NaN, -Infinity, NaN]);
  assert.deepEqual(images("unary", UNARY.sqrt), [NaN, Infinity, NaN, 0, NaN]);
  assert.deepEqual(images("unary", UNARY.softplus).slice(0, 3), [NaN, Infinity, 0]);
  const [none, relu, , , sigmoid, tanh] = Array.from(
    { length: ACTIVATIONS },
    (_, number) => images("activate", number).slice(0, 4),
  );
  assert.deepEqual(none, [NaN, Infinity, -Infinity, 0]);
  assert.deepEqual(relu, [NaN, Infinity, 0, 0]);
  assert.deepEqual(sigmoid, [NaN, 1, 0, 0.5]);
  assert.deepEqual(tanh, [NaN, 1, -1, 0]);
});

await overBuilds(
  "one value that is not finite is found, and spoils a maximum only if NaN",
  (core) => {
    const out = place(core, [0]);
    for (let length = 1; length <= 13; length++) {
      for (let at = 0; at < length; at++) {
        for (const bad of [NaN, Infinity, -Infinity]) {
          const mark = core.memory.mark();
          const x = place(core, filled(length, (i) => i === at ? bad : i), at % 4);
          assert.equal(core.kernel("any_not_finite")([x.ptr, length]), 1);
          core.kernel("max")([x.ptr, out.ptr, length]);
          const rest = Math.max(...filled(length, (i) => i === at ? -Infinity : i));
          const want = bad === -Infinity ? rest : bad;
          assert.equal(core.memory.f32(out)[0], want);
          core.memory.f32(x)[at] = 0;
          assert.equal(core.kernel("any_not_finite")([x.ptr, length]), 0);
          core.memory.release(mark);
        }
      }
    }
  },
);

await overBuilds("a row with NaN becomes NaN under softmax, and its neighbours do not", (core) => {
  for (const cols of [1, 2, 3, 4, 5, 7, 50]) {
    for (let at = 0; at < cols; at++) {
      const mark = core.memory.mark();
      const x = place(core, filled(3 * cols, (i) => i === cols + at ? NaN : i / 9));
      const out = place(core, new Float32Array(3 * cols));
      core.kernel("softmax")([x.ptr, out.ptr, 3, cols]);
      const got = core.memory.f32(out);
      for (const row of [0, 1, 2]) {
        const values = got.subarray(row * cols, (row + 1) * cols);
        const total = values.reduce((sum, value) => sum + value, 0);
        if (row === 1) assert.ok(values.every(Number.isNaN));
        else assert.ok(Math.abs(total - 1) < 1e-6);
      }
      core.memory.release(mark);
    }
  }
});

await overBuilds(
  "a gradient longer than allowed is shrunk, and one that is not is left",
  (core) => {
    const norm = place(core, [0]);
    const clip = (values: readonly number[], most: number) => {
      const g = place(core, values);
      core.kernel("clip_norm")([g.ptr, norm.ptr, values.length, most]);
      return [core.memory.f32(norm)[0], ...core.memory.f32(g)];
    };
    assert.deepEqual(clip([3, 0, -4], 2.5), [5, 1.5, 0, -2]);
    assert.deepEqual(clip([3, 0, -4], 5), [5, 3, 0, -4]);
    assert.deepEqual(clip([3, 0, -4], Infinity), [5, 3, 0, -4]);
    assert.deepEqual(clip([3, NaN, -4], 1), [NaN, 3, NaN, -4]);
    assert.deepEqual(clip([], 1), [0]);
  },
);

await overBuilds("a label outside is named before anything is written", (core) => {
  const logits = place(core, filled(9, (i) => i));
  const losses = place(core, [UNTOUCHED, UNTOUCHED, UNTOUCHED]);
  const dlogits = place(core, new Float32Array(9).fill(UNTOUCHED));
  const labels = core.memory.alloc(12);
  const run = (given: readonly number[]) => {
    core.memory.u32(labels).set(given);
    const operands = [logits.ptr, labels.ptr, losses.ptr, dlogits.ptr];
    return core.kernel("cross_entropy")([...operands, 3, 3, 0]);
  };
  assert.equal(run([0, 2, 3]), 2);
  assert.deepEqual([...core.memory.f32(losses)], [UNTOUCHED, UNTOUCHED, UNTOUCHED]);
  assert.ok(core.memory.f32(dlogits).every((value) => value === UNTOUCHED));
  assert.equal(run([0, 0xffffffff, 2]), 3);
  const [first, ignored, last] = core.memory.f32(losses);
  const total = Math.log(1 + Math.exp(-1) + Math.exp(-2));
  assert.ok(Math.abs((first ?? NaN) - (2 + total)) < 1e-6);
  assert.ok(Math.abs((last ?? NaN) - total) < 1e-6);
  assert.equal(ignored, 0);
});

await overBuilds(
  "a mask is the same in both directions and follows from its seed alone",
  (core) => {
    const length = 1001;
    const ones = place(core, new Float32Array(length).fill(1));
    const mask = (...seed: number[]) => {
      const out = place(core, new Float32Array(length));
      core.kernel("dropout")([ones.ptr, out.ptr, length, 0.25, ...seed]);
      return core.memory.f32(out).slice();
    };
    const back = place(core, new Float32Array(length).fill(1));
    core.kernel("dropout_backward")([ones.ptr, back.ptr, length, 0.25, 7, 0xffffffff]);
    const kept = mask(7, 0xffffffff);
    assert.deepEqual(
      core.memory.f32(back).map((value) => value - 1),
      kept.map((k) => Math.fround(k + 1) - 1),
    );
    assert.deepEqual(mask(7, 0xffffffff), kept);
    assert.notDeepEqual(mask(8, 0xffffffff), kept);
    const factor = Math.fround(4 / 3);
    assert.ok(kept.every((value) => value === 0 || value === factor));
    const share = kept.filter((value) => value === 0).length / length;
    assert.ok(Math.abs(share - 0.25) < 0.07);
  },
);

for (const kernel of ["activate", "unary"]) {
  await overBuilds(`a number that names no function of ${kernel} traps`, (core) => {
    const { ptr } = place(core, [1, 2]);
    assert.throws(() => core.kernel(kernel)([ptr, ptr + 4, 1, 99]), CoreTrapError);
  });
}
