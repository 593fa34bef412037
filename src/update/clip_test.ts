import assert from "node:assert/strict";
import fc from "fast-check";
import { sharedVectors } from "../../tests/shared_vectors.ts";
import { isTributaryError } from "../core/errors.ts";
import type { NamedTensors } from "../core/tensor.ts";
import { createAggregateCore, inlineModule } from "../wasm/mod.ts";
import { clipL2, l2Norm } from "./clip.ts";

const module = await inlineModule("aggregate");

Deno.test("clip: what is longer than the bound comes out with just its norm, and never above it", () => {
  using core = createAggregateCore(module);
  const values = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 });
  const bounds = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
  fc.assert(fc.property(values, values, bounds, (a, b, bound) => {
    const before = tensorsOf({ a, b });
    const { tensors, norm } = clipL2(core, before, bound);
    const after = normOf(tensors);
    assert.ok(after <= bound, `${after} above ${bound}`);
    if (norm <= bound) assert.equal(tensors, before);
    else assert.ok(after >= bound * (1 - 1e-6) || norm > 1e30, `${after} far below ${bound}`);
  }));
});

Deno.test("clip: an update within its bound stays the same, to the bit", () => {
  using core = createAggregateCore(module);
  const update = tensorsOf({ a: [3, -0], b: [4] });
  assert.equal(clipL2(core, update, 5).tensors, update);
  assert.deepEqual(clipL2(core, update, 5).norm, 5);
  const { tensors, norm } = clipL2(core, update, 2.5);
  assert.equal(norm, 5);
  assert.ok(Math.abs(tensors["a"]!.data[0]! - 1.5) < 1e-6 && Object.is(tensors["a"]!.data[1], -0));
  assert.deepEqual([...update["a"]!.data, ...update["b"]!.data], [3, -0, 4]);
});

Deno.test("clip: the norm runs over all tensors and all of the core's blocks", () => {
  using core = createAggregateCore(module);
  const long = { shape: [200_001], data: new Float32Array(200_001).fill(2) };
  assert.equal(l2Norm(core, { long, ...tensorsOf({ a: [] }) }), Math.sqrt(4 * 200_001));
  const { tensors } = clipL2(core, { long, ...tensorsOf({ a: [1e-3] }) }, 1);
  assert.ok(Math.abs(normOf(tensors) - 1) < 1e-6);
  assert.deepEqual(tensors["long"]?.shape, [200_001]);
});

Deno.test("clip: zeros, huge and tiny updates have norms too", () => {
  using core = createAggregateCore(module);
  assert.equal(clipL2(core, tensorsOf({ a: [0, 0] }), 1e-3).norm, 0);
  const huge = clipL2(core, tensorsOf({ a: [3e38, 3e38] }), 1);
  assert.ok(Number.isFinite(huge.norm) && normOf(huge.tensors) <= 1);
  const nothing = clipL2(core, tensorsOf({ a: [3e38] }), 1e-300);
  assert.deepEqual([...nothing.tensors["a"]!.data], [0]);
});

Deno.test("clip: a value that is not finite is refused by tensor and index, even past a block", () => {
  using core = createAggregateCore(module);
  const data = new Float32Array(70_000);
  data[65_540] = NaN;
  assert.throws(
    () =>
      clipL2(
        core,
        { fine: { shape: [1], data: Float32Array.of(1) }, w: { shape: [70_000], data } },
        1,
      ),
    (error) =>
      isTributaryError(error, "update-not-finite") &&
      error.message ===
        'Cannot send tensor "w": its value at index 65540 is NaN, expected a finite number',
  );
});

Deno.test("clip: a bound that is no positive number is a mistake", () => {
  using core = createAggregateCore(module);
  for (const bound of [0, -1, NaN]) {
    assert.throws(() => clipL2(core, tensorsOf({ a: [1] }), bound), RangeError);
  }
});

Deno.test({
  name: "clip: gradients are clipped to the known answers of other libraries",
  ignore: sharedVectors("optim.json").ignore,
  fn() {
    using core = createAggregateCore(module);
    interface Case {
      kind: string;
      max_norm: number;
      norm: number;
      inputs: [number[][], number[]];
      outputs: [number[][], number[]];
    }
    const { cases } = sharedVectors<{ cases: Case[] }>("optim.json").read();
    const known = cases.filter(({ kind }) => kind === "clip_grad_norm");
    assert.equal(known.length, 3);
    for (const { max_norm, norm, inputs, outputs } of known) {
      const clipped = clipL2(core, tensorsOf({ w: inputs[0].flat(), b: inputs[1] }), max_norm);
      assert.ok(Math.abs(clipped.norm - norm) < 1e-6);
      assertClose(clipped.tensors["w"]!.data, outputs[0].flat());
      assertClose(clipped.tensors["b"]!.data, outputs[1]);
    }
  },
});

Deno.test({
  name: "clip: the mean of clipped updates steps the model as the known aggregations do",
  ignore: sharedVectors("aggregation.json").ignore,
  fn() {
    using core = createAggregateCore(module);
    type Arrays = { w: number[][]; b: number[] };
    interface Vectors {
      inputs: Record<
        string,
        { initial: Arrays; rounds: { num_examples: number; arrays: Arrays }[][] }
      >;
      cases: {
        strategy: string;
        inputs: string;
        hyper: { clipping_norm: number };
        rounds: { global_after: Arrays }[];
      }[];
    }
    const { inputs, cases } = sharedVectors<Vectors>("aggregation.json").read();
    const known = cases.filter(({ strategy }) => strategy.endsWith("FixedClipping"));
    assert.equal(known.length, 2);
    const flat = ({ w, b }: Arrays): number[] => [...w.flat(), ...b];
    for (const { inputs: name, hyper, rounds } of known) {
      let global = flat(inputs[name]!.initial);
      rounds.forEach(({ global_after }, round) => {
        const replies = inputs[name]!.rounds[round]!;
        const total = replies.reduce((sum, { num_examples }) => sum + num_examples, 0);
        const step = new Array<number>(global.length).fill(0);
        for (const { num_examples, arrays } of replies) {
          const change = flat(arrays).map((value, i) => value - global[i]!);
          const { tensors } = clipL2(core, tensorsOf({ change }), hyper.clipping_norm);
          tensors["change"]!.data.forEach((v, i) => step[i]! += v * num_examples / total);
        }
        global = global.map((value, i) => value + step[i]!);
        assertClose(global, flat(global_after));
      });
    }
  },
});

function tensorsOf(values: Record<string, readonly number[]>): NamedTensors {
  return Object.fromEntries(
    Object.entries(values).map(([name, list]) => [
      name,
      { shape: [list.length], data: Float32Array.from(list) },
    ]),
  );
}

/** The norm without the core, largest value taken out so that nothing overflows. */
function normOf(tensors: NamedTensors): number {
  return Math.hypot(...Object.values(tensors).map(({ data }) => norm(data)));
}

function norm(data: Float32Array): number {
  const most = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (most === 0) return 0;
  return most * Math.sqrt(data.reduce((sum, value) => sum + (value / most) ** 2, 0));
}

/** Within the rounding of float32, and of the known answers. */
function assertClose(found: ArrayLike<number>, want: readonly number[]): void {
  assert.equal(found.length, want.length);
  want.forEach((value, i) => {
    assert.ok(
      Math.abs(found[i]! - value) <= 2e-6 * Math.max(1, Math.abs(value)),
      `${found[i]} ≠ ${value}`,
    );
  });
}
