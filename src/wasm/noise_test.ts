import assert from "node:assert/strict";
import { sharedVectors } from "../../tests/shared_vectors.ts";
import { createAggregateCore } from "./aggregate.ts";
import { chachaBlock } from "./chacha_testing.ts";
import { inlineModule } from "./inline.ts";
import { LEAST_BLOCK, SIGNS_A_TURN } from "./noise.ts";

interface Transform {
  readonly kind: string;
  readonly n: number;
  readonly x: number[];
  readonly signs?: number[];
  readonly plain_transform?: number[];
  readonly signed_orthonormal?: number[];
}

const vectors = sharedVectors<{ cases: Transform[] }>("quantise.json");
const SEED = Uint8Array.from({ length: 32 }, (_, i) => 7 * i + 1);

async function newCore() {
  return createAggregateCore(await inlineModule("aggregate"));
}

/** The orthonormal transform by the core; what is too short for a block is that many times in one. */
function transformed(core: Awaited<ReturnType<typeof newCore>>, x: readonly number[]): number[] {
  const block = Math.max(LEAST_BLOCK, x.length);
  const mark = core.memory.mark();
  const span = core.memory.alloc(4 * block);
  core.memory.f32(span).fill(0);
  core.memory.f32(span).set(x);
  core.hadamard(span, block);
  // Of values that are followed by zeros the transform repeats, smaller by the root of how often.
  const found = [...core.memory.f32(span)].slice(0, x.length)
    .map((value) => value * Math.sqrt(block / x.length));
  core.memory.release(mark);
  return found;
}

Deno.test({
  name: "hadamard: the transforms of an independent implementation, of 2 to 64 values, padded too",
  ignore: vectors.ignore,
  async fn() {
    using core = await newCore();
    const cases = vectors.read().cases.filter(({ kind }) => kind.startsWith("walsh_hadamard"));
    assert.ok(cases.length >= 10);
    for (const { n, x, signs, plain_transform, signed_orthonormal } of cases) {
      const padded = [...x, ...new Array(n - x.length).fill(0)];
      const plain = transformed(core, padded);
      plain_transform?.forEach((value, i) =>
        assert.ok(Math.abs((plain[i] ?? NaN) * Math.sqrt(n) - value) < 1e-5 * n, `${n}, ${i}`)
      );
      const signed = transformed(core, padded.map((value, i) => value * (signs?.[i] ?? 1)));
      signed_orthonormal?.forEach((value, i) =>
        assert.ok(Math.abs((signed[i] ?? NaN) - value) < 2e-6 * n, `${n}, ${i}`)
      );
    }
  },
});

Deno.test("flipSigns: the bits of the keystream, wherever a part begins, and twice is nothing", async () => {
  using core = await newCore();
  const length = 3 * SIGNS_A_TURN;
  const span = core.memory.alloc(4 * length);
  core.memory.f32(span).fill(1);
  core.flipSigns(span, { seed: SEED, at: 0 });
  const whole = core.memory.f32(span).slice();
  const stream = Array.from(
    { length: 12 },
    (_, block) => [...chachaBlock(SEED, block, [0, 0, 0])],
  ).flat();
  whole.forEach((value, i) => {
    const word = stream[4 * Math.floor(i / 128) + i % 4] ?? 0;
    const flips = word >>> (31 - Math.floor(i % 128 / 4)) & 1;
    assert.equal(value, flips === 1 ? -1 : 1, `value ${i}`);
  });
  const part = core.memory.alloc(4 * SIGNS_A_TURN);
  core.memory.f32(part).fill(1);
  core.flipSigns(part, { seed: SEED, at: SIGNS_A_TURN });
  assert.deepEqual(core.memory.f32(part), whole.subarray(SIGNS_A_TURN, 2 * SIGNS_A_TURN));
  core.flipSigns(part, { seed: SEED, at: SIGNS_A_TURN });
  assert.ok(core.memory.f32(part).every((value) => value === 1));
});

Deno.test("roundSteps: to a neighbouring whole number, without bias, and back", async () => {
  using core = await newCore();
  const length = 1 << 16;
  const [x, out] = [core.memory.alloc(4 * length), core.memory.alloc(4 * length)];
  core.memory.f32(x).fill(-0.3);
  core.roundSteps(x, out, { scale: 2.5, limit: 10, key: SEED, at: 16 });
  const steps = core.memory.u32(out).slice();
  assert.deepEqual([...new Set(steps)].sort(), [10, 9]);
  const mean = steps.reduce((sum, word) => sum + word - 10, 0) / length;
  assert.ok(Math.abs(mean + 0.75) < 5 * 0.44 / Math.sqrt(length), `${mean}`);
  assert.equal(core.squaredSteps(out, 10), steps.reduce((sum, word) => sum + (word - 10) ** 2, 0));
  core.unroundSteps(out, x, { offset: 10, unit: 1 / 2.5 });
  assert.equal(core.memory.f32(x)[0], Math.fround(((steps[0] ?? 0) - 10) / 2.5));
});

Deno.test("noise: what does not fit is refused, and nothing changes", async () => {
  using core = await newCore();
  const [x, out] = [core.memory.alloc(4 * 64), core.memory.alloc(4 * 64)];
  core.memory.f32(x).fill(2);
  const before = core.memory.f32(x).slice();
  const short = new Uint8Array(31);
  const table = Uint32Array.of(0, 0, 0, 1 << 30);
  const bad: [string, () => void, RegExp][] = [
    ["block", () => core.hadamard(x, 24), /blocks of 24: expected whole blocks/],
    ["block", () => core.hadamard(x, 8), /blocks of 8/],
    ["block", () => core.hadamard(x, 128), /64 values in blocks of 128/],
    ["seed", () => core.flipSigns(x, { seed: short, at: 0 }), /seed of 31 bytes: expected 32/],
    ["place", () => core.flipSigns(x, { seed: SEED, at: 5 }), /from 5: expected/],
    [
      "limit",
      () => core.roundSteps(x, out, { scale: 1, limit: 2 ** 24, key: SEED, at: 0 }),
      /up to 16777216/,
    ],
    ["scale", () => core.roundSteps(x, out, { scale: NaN, limit: 5, key: SEED, at: 0 }), /by NaN/],
    ["place", () => core.roundSteps(x, out, { scale: 1, limit: 5, key: SEED, at: 1 }), /from 1/],
    [
      "table",
      () => core.addNoise(x, { table: table.subarray(1), seed: SEED, stream: 0, offset: 0 }),
      /table of 3 words/,
    ],
    [
      "stream",
      () => core.addNoise(x, { table, seed: SEED, stream: -1, offset: 0 }),
      /stream -1: expected a word/,
    ],
    [
      "noise's seed",
      () => core.addNoise(x, { table, seed: short, stream: 0, offset: 0 }),
      /seed of 31 bytes/,
    ],
    ["offset", () => core.squaredSteps(x, 2 ** 32), /offset 4294967296: expected a word/],
  ];
  for (const [what, run, message] of bad) {
    assert.throws(run, { name: "RangeError", message }, what);
  }
  core.memory.f32(x)[9] = NaN;
  assert.throws(() => core.roundSteps(x, out, { scale: 1, limit: 5, key: SEED, at: 0 }), {
    code: "update-not-finite",
    message: "Cannot use a value that is NaN at index 9: expected finite values",
  });
  core.memory.f32(x)[9] = 2;
  assert.deepEqual(core.memory.f32(x), before);
});

Deno.test("noise: another stream or seed gives other samples, the same ones the same", async () => {
  using core = await newCore();
  // P(|X| ≥ 1) = 1, P(|X| ≥ 2) = 1/2, P(|X| ≥ 3) = 1/4, …
  const table = Uint32Array.from({ length: 4 * 60 }, (_, i) => {
    const entry = 1n << BigInt(126 - Math.floor(i / 4));
    return Number(entry >> BigInt(32 * (i % 4)) & 0xffff_ffffn);
  });
  const span = core.memory.alloc(4 * 4096);
  const draw = (seed: Uint8Array, stream: number) => {
    core.memory.u32(span).fill(0);
    core.addNoise(span, { table, seed, stream, offset: 0 });
    return core.memory.i32(span).slice();
  };
  const first = draw(SEED, 0);
  assert.deepEqual(draw(SEED, 0), first);
  assert.notDeepEqual(draw(SEED, 1), first);
  assert.notDeepEqual(draw(new Uint8Array(32), 0), first);
  const half = first.filter((x) => x === 0).length / first.length;
  assert.ok(Math.abs(half - 0.5) < 5 * 0.5 / 64, `${half}`);
});
