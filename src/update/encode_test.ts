import assert from "node:assert/strict";
import fc from "fast-check";
import { sharedVectors } from "../../tests/shared_vectors.ts";
import { isTributaryError } from "../core/errors.ts";
import { type NamedTensors, sizeOf } from "../core/tensor.ts";
import { chachaBlock } from "../wasm/chacha_testing.ts";
import { createAggregateCore, inlineModule } from "../wasm/mod.ts";
import { decodeSum } from "./decode.ts";
import { encodeUpdate } from "./encode.ts";
import { gridLimit, updateBytes, type UpdatePlan } from "./plan.ts";

const module = await inlineModule("aggregate");
/** The quantiser's, as each key is used once. */
const NONCE = [0, 0, 0];

const PLAN: UpdatePlan = {
  tensors: [
    { name: "a", shape: [3, 5], range: 0.75 },
    { name: "scalar", shape: [], range: 2 },
    { name: "b", shape: [7], range: 10 },
  ],
  slotBits: 19,
  maxClients: 610,
};

Deno.test("encode: into memory of the caller's, the same parcel, whatever was there", () => {
  using core = createAggregateCore(module);
  const plan = { tensors: [{ name: "w", shape: [3], range: 1 }], slotBits: 20, maxClients: 4 };
  const tensors = { w: { shape: [3], data: Float32Array.of(0.3, 0, -0.7) } };
  const key = new Uint8Array(32).fill(3);
  const into = new Uint8Array(12).fill(0xff);
  const parcel = encodeUpdate(core, plan, { tensors, key, into });
  assert.equal(parcel, into);
  assert.deepEqual(parcel, encodeUpdate(core, plan, { tensors, key }));
  for (const bytes of [11, 16]) {
    assert.throws(
      () => encodeUpdate(core, plan, { tensors, key, into: new Uint8Array(bytes) }),
      new RangeError(`Cannot encode into ${bytes} bytes: the plan's parcels have 12`),
    );
  }
});

Deno.test("update: a parcel is its scalar reference word for word, whatever the sizes", () => {
  using core = createAggregateCore(module);
  const sizes = fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(sizes, keys(), fc.integer({ min: 2, max: 25 }), (sizes, key, slotBits) => {
      const plan = planOf(sizes, { slotBits, maxClients: 1 });
      const tensors = valuesOf(plan, (i) => Math.fround(3 * Math.sin(i + slotBits)));
      assert.deepEqual(
        encodeUpdate(core, plan, { tensors, key }),
        scalarReference(plan, tensors, key),
      );
    }),
    { numRuns: 50 },
  );
});

Deno.test("update: tensors longer than the core's blocks are the scalar reference too", () => {
  using core = createAggregateCore(module);
  const key = new Uint8Array(32).fill(9);
  const plan = planOf([65_537, 1, 140_001], { slotBits: 19, maxClients: 610 });
  const tensors = valuesOf(plan, (i) => Math.fround(Math.cos(i)));
  const before = core.memory.mark();
  const parcel = encodeUpdate(core, plan, { tensors, key });
  assert.deepEqual(parcel, scalarReference(plan, tensors, key));
  assert.equal(core.memory.mark(), before);
  assert.ok(core.memory.bytes < 4 * 2 ** 20);
});

Deno.test("update: the sum of n parcels decodes to the sum within n grid steps", () => {
  using core = createAggregateCore(module);
  const value = fc.float({ min: -3, max: 3, noNaN: true });
  const client = fc.tuple(fc.array(value, { minLength: 23, maxLength: 23 }), keys());
  fc.assert(fc.property(fc.array(client, { minLength: 1, maxLength: 12 }), (clients) => {
    const parcels = clients.map(([values, key]) =>
      encodeUpdate(core, PLAN, { tensors: valuesOf(PLAN, (i) => values[i]!), key })
    );
    const sums = decodeSum(core, PLAN, { sum: added(parcels), clients: clients.length });
    let at = 0;
    for (const { name, shape, range } of PLAN.tensors) {
      const step = range / gridLimit(PLAN);
      for (let i = 0; i < sizeOf(shape); i++, at++) {
        const want = clients.reduce(
          (sum, [values]) => sum + Math.max(-range, Math.min(range, values[at]!)),
          0,
        );
        const error = Math.abs(sums[name]!.data[i]! - want);
        assert.ok(error <= clients.length * step * (1 + 1e-6), `${name}[${i}] is off by ${error}`);
      }
    }
  }));
});

Deno.test("update: zeros and the ends of the range come back exact, whatever the key", () => {
  using core = createAggregateCore(module);
  fc.assert(fc.property(fc.array(keys(), { minLength: 1, maxLength: 9 }), (keys) => {
    const ends = [0, -0, 10, -10, 1e30, -1e30, 0];
    const tensors = {
      ...valuesOf(PLAN, () => 0),
      b: { shape: [7], data: Float32Array.from(ends) },
    };
    const parcels = keys.map((key) => encodeUpdate(core, PLAN, { tensors, key }));
    const n = keys.length;
    const sums = decodeSum(core, PLAN, { sum: added(parcels), clients: n });
    assert.deepEqual([...sums["a"]!.data], new Array(15).fill(0));
    assert.deepEqual([...sums["b"]!.data], [0, 0, 10 * n, -10 * n, 10 * n, -10 * n, 0]);
  }));
});

Deno.test("update: most of a sparse sum costs nothing, which a grid without zero makes dear", () => {
  using core = createAggregateCore(module);
  const clients = 200;
  const plan = planOf([1000], { slotBits: 17, maxClients: clients });
  // Each client has a value in one place of fifty, as a person has rated one film of many.
  const tensors = Array.from(
    { length: clients },
    (_, client) =>
      valuesOf(plan, (i) => (i + client) % 50 === 0 ? Math.fround(Math.sin(i * client)) : 0),
  );
  const want = Array.from(
    { length: 1000 },
    (_, i) => tensors.reduce((sum, { t0 }) => sum + t0!.data[i]!, 0),
  );
  const parcels = tensors.map((tensors, client) =>
    encodeUpdate(core, plan, { tensors, key: new Uint8Array(32).fill(client) })
  );
  const decoded = decodeSum(core, plan, { sum: added(parcels), clients }).t0!.data;
  const error = rootMeanSquare(want.map((value, i) => decoded[i]! - value));
  // The same number of levels, half a step aside, as an even number of levels would lie.
  const step = 1 / gridLimit(plan);
  const uniform = uniforms(7);
  const shifted = want.map((value, i) =>
    tensors.reduce((sum, { t0 }) => {
      const y = t0!.data[i]! / step - 0.5;
      return sum + (Math.floor(y) + Number(uniform() < y - Math.floor(y)) + 0.5) * step;
    }, 0) - value
  );
  assert.ok(error < rootMeanSquare(shifted) / 5, `${error} against ${rootMeanSquare(shifted)}`);
});

Deno.test("update: stochastic rounding is right on average", () => {
  using core = createAggregateCore(module);
  const plan = planOf([60_000], { slotBits: 3, maxClients: 1 });
  for (const value of [0.1, -0.1, 1 / 3, -0.9, 0.5]) {
    const tensors = valuesOf(plan, () => Math.fround(value));
    const sum = encodeUpdate(core, plan, { tensors, key: new Uint8Array(32).fill(3) });
    const { data } = decodeSum(core, plan, { sum, clients: 1 }).t0!;
    const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
    // A step is 1/3; five standard errors of the mean of 60 000 roundings.
    assert.ok(Math.abs(mean - value) < 5 / 6 / Math.sqrt(60_000), `${mean} for ${value}`);
  }
});

Deno.test("update: any order and any tree of adding give the same bits", () => {
  using core = createAggregateCore(module);
  const parcels = Array.from({ length: 12 }, (_, client) =>
    encodeUpdate(core, PLAN, {
      tensors: valuesOf(PLAN, (i) => Math.sin(i * client)),
      key: new Uint8Array(32).fill(client),
    }));
  const flat = added(parcels);
  const shuffles = fc.shuffledSubarray(parcels, { minLength: 12, maxLength: 12 });
  fc.assert(fc.property(shuffles, fc.integer({ min: 1, max: 11 }), (order, cut) => {
    const tree = added([added(order.slice(0, cut)), added([added(order.slice(cut))])]);
    assert.deepEqual(tree, flat);
  }));
});

Deno.test({
  name: "update: given its random word a value rounds as the known answers say",
  ignore: sharedVectors("quantise.json").ignore,
  fn() {
    using core = createAggregateCore(module);
    const { cases } = sharedVectors<
      { cases: { kind: string; scale: number; x: number[]; u: number[]; integers: number[] }[] }
    >("quantise.json").read();
    const known = cases.filter(({ kind }) => kind === "stochastic_round_given_u");
    assert.equal(known.length, 1);
    for (const { scale, x, u, integers } of known) {
      // The rule "floor(x·scale + u)" rounds up with the same chance for 1 − u; a key whose word is
      // on the same side of the threshold stands for each of the answers' uniforms.
      const plan = planOf([1], { slotBits: 9, maxClients: 1 });
      const L = gridLimit(plan);
      const scaled = { ...plan, tensors: [{ ...plan.tensors[0]!, range: L / scale }] };
      x.forEach((value, i) => {
        const y = value * scale;
        const up = u[i]! >= 1 - (y - Math.floor(y));
        const tensors = valuesOf(scaled, () => value);
        const words = new Set<number>();
        for (let first = 0; first < 256; first++) {
          const key = Uint8Array.from({ length: 32 }, (_, byte) => byte === 0 ? first : 0);
          const rises = keystreamWord(key, 0) / 2 ** 32 < y - Math.floor(y);
          if (rises !== up) continue;
          words.add(new DataView(encodeUpdate(core, scaled, { tensors, key }).buffer)
            .getUint32(0, true));
        }
        assert.deepEqual([...words], Number.isInteger(y) ? [y + L] : [integers[i]! + L]);
      });
    }
  },
});

Deno.test({
  name: "update: sums of values on the grid are the known fixed-point sums",
  ignore: sharedVectors("quantise.json").ignore,
  fn() {
    using core = createAggregateCore(module);
    interface Case {
      kind: string;
      scale: number;
      clip: number;
      clients: number[][];
      decoded_sum: number[];
    }
    const { cases } = sharedVectors<{ cases: Case[] }>("quantise.json").read();
    const known = cases.filter(({ kind }) => kind === "fixed_point_sum");
    assert.equal(known.length, 1);
    for (const { scale, clip, clients, decoded_sum } of known) {
      // A grid of the same step: L = 4095 points over ±4095/scale, which holds ±clip.
      const base = planOf([decoded_sum.length], { slotBits: 16, maxClients: 8 });
      const plan = {
        ...base,
        tensors: [{ ...base.tensors[0]!, range: gridLimit(base) / scale }],
      };
      assert.ok(gridLimit(base) / scale >= clip);
      const parcels = clients.map((x) => {
        const onGrid = x.map((v) => Math.round(Math.max(-clip, Math.min(clip, v)) * scale) / scale);
        const tensors = valuesOf(plan, (i) => onGrid[i]!);
        return encodeUpdate(core, plan, { tensors, key: new Uint8Array(32) });
      });
      const { data } = decodeSum(core, plan, { sum: added(parcels), clients: 5 }).t0!;
      assert.deepEqual([...data], decoded_sum);
    }
  },
});

Deno.test("update: a value that is not finite is refused by tensor and index", () => {
  using core = createAggregateCore(module);
  const plan = planOf([3, 70_000], { slotBits: 19, maxClients: 9 });
  for (const [value, at] of [[NaN, 0], [Infinity, 69_999], [-Infinity, 65_536]] as const) {
    const tensors = valuesOf(plan, () => 0.5);
    tensors["t1"]!.data[at] = value;
    const before = core.memory.mark();
    assert.throws(() => encodeUpdate(core, plan, { tensors, key: new Uint8Array(32) }), (error) => {
      assert.ok(isTributaryError(error, "update-not-finite"));
      assert.equal(
        error.message,
        `Cannot send tensor "t1": its value at index ${at} is ${value}, expected a finite number`,
      );
      return true;
    });
    assert.equal(core.memory.mark(), before);
  }
});

Deno.test("update: tensors that are not the plan's are refused by name", () => {
  using core = createAggregateCore(module);
  const right = valuesOf(PLAN, () => 0);
  const { b: _b, ...missing } = right;
  const cases: [NamedTensors, RegExp][] = [
    [missing, /tensor "b" is missing/],
    [{ ...right, c: right["b"]! }, /the plan has no tensor "c"/],
    [{ ...right, a: { ...right["a"]!, shape: [5, 3] } }, /"a" has shape \[5,3\], expected \[3,5\]/],
    [{ ...right, a: { ...right["a"]!, shape: [15] } }, /"a" has shape \[15\], expected \[3,5\]/],
    [{ ...right, b: { shape: [7], data: new Float32Array(6) } }, /"b" has 6 values, expected 7/],
  ];
  for (const [tensors, sentence] of cases) {
    assert.throws(() => encodeUpdate(core, PLAN, { tensors, key: new Uint8Array(32) }), (error) => {
      assert.ok(isTributaryError(error, "update-misshapen"), String(error));
      assert.match(error.message, sentence);
      return true;
    });
  }
  // A name that every object has is no tensor.
  const odd = planOf([1], { slotBits: 19, maxClients: 1 });
  const plan = { ...odd, tensors: [{ ...odd.tensors[0]!, name: "toString" }] };
  assert.throws(
    () => encodeUpdate(core, plan, { tensors: {}, key: new Uint8Array(32) }),
    /tensor "toString" is missing/,
  );
});

Deno.test("update: a plan that does not fit is refused by every client too", () => {
  using core = createAggregateCore(module);
  const plan = { ...PLAN, slotBits: 8 };
  assert.throws(
    () => encodeUpdate(core, plan, { tensors: valuesOf(PLAN, () => 0), key: new Uint8Array(32) }),
    (error) => isTributaryError(error, "task-refused"),
  );
});

Deno.test("update: a sum of another length or an impossible count is not decoded", () => {
  using core = createAggregateCore(module);
  const sum = new Uint8Array(updateBytes(PLAN));
  assert.throws(
    () => decodeSum(core, PLAN, { sum: sum.subarray(4), clients: 1 }),
    /a sum of 88 bytes: the plan's have 92/,
  );
  for (const clients of [0, 611, 1.5, NaN, -1]) {
    assert.throws(() => decodeSum(core, PLAN, { sum, clients }), RangeError);
  }
});

Deno.test("update: a sum that lies at an odd place in memory decodes the same", () => {
  using core = createAggregateCore(module);
  const key = new Uint8Array(32);
  const parcel = encodeUpdate(core, PLAN, { tensors: valuesOf(PLAN, Math.sin), key });
  const shifted = new Uint8Array(parcel.length + 3);
  shifted.set(parcel, 3);
  assert.deepEqual(
    decodeSum(core, PLAN, { sum: shifted.subarray(3), clients: 1 }),
    decodeSum(core, PLAN, { sum: parcel, clients: 1 }),
  );
});

Deno.test("update: the largest sum that a plan allows decodes without wrapping", () => {
  using core = createAggregateCore(module);
  for (const [slotBits, maxClients] of [[32, 2 ** 30], [32, 128], [32, 65_536], [2, 1]] as const) {
    const plan = planOf([2], { slotBits, maxClients });
    const words = Uint32Array.of(maxClients * 2 * gridLimit(plan), 0);
    const sum = new Uint8Array(words.buffer);
    const { data } = decodeSum(core, plan, { sum, clients: maxClients }).t0!;
    assert.deepEqual([...data], [maxClients, -maxClients]);
  }
});

function keys(): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  return fc.uint8Array({ minLength: 32, maxLength: 32 });
}

function planOf(
  sizes: readonly number[],
  options: { slotBits: number; maxClients: number },
): UpdatePlan {
  return {
    tensors: sizes.map((size, i) => ({ name: `t${i}`, shape: [size], range: 1 })),
    ...options,
  };
}

/** Tensors of a plan whose value `i`, counted over all of them, is `value(i)`. */
function valuesOf(plan: UpdatePlan, value: (i: number) => number): NamedTensors {
  let at = 0;
  return Object.fromEntries(plan.tensors.map(({ name, shape }) => [
    name,
    { shape, data: Float32Array.from({ length: sizeOf(shape) }, () => value(at++)) },
  ]));
}

/** Parcels added word by word, as every region adds them. */
function added(parcels: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const sum = new Uint32Array(parcels[0]!.length / 4);
  for (const parcel of parcels) {
    new Uint32Array(parcel.buffer).forEach((word, i) => sum[i]! += word);
  }
  return new Uint8Array(sum.buffer);
}

function rootMeanSquare(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}

function uniforms(seed: number): () => number {
  const key = new Uint8Array(32).fill(seed);
  let at = 0;
  let words: Uint32Array = new Uint32Array();
  return () => {
    if (at % 16 === 0) words = chachaBlock(key, at / 16, NONCE);
    return words[at++ % 16]! / 2 ** 32;
  };
}

/** The rule of DESIGN §4 value by value, in plain numbers. */
function scalarReference(
  plan: UpdatePlan,
  tensors: NamedTensors,
  key: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const L = gridLimit(plan);
  const words = new Uint32Array(updateBytes(plan) / 4);
  let at = 0;
  let block: Uint32Array = new Uint32Array();
  for (const { name, range } of plan.tensors) {
    for (const x of tensors[name]!.data) {
      if (at % 16 === 0) block = chachaBlock(key, at / 16, NONCE);
      const y = Math.max(-L, Math.min(L, Math.fround(x * Math.fround(L / range))));
      const u = (block[at % 16]! >>> 8) * 2 ** -24;
      words[at++] = Math.floor(y) + Number(u < y - Math.floor(y)) + L;
    }
  }
  return new Uint8Array(words.buffer);
}

function keystreamWord(key: Uint8Array, at: number): number {
  return chachaBlock(key, Math.floor(at / 16), NONCE)[at % 16]!;
}
