import assert from "node:assert/strict";
import fc from "fast-check";
import { createAggregateCore, inlineModule } from "../wasm/mod.ts";
import { WEIGHT_TENSOR } from "../core/trainer.ts";
import { cappedWeight, unweighted, weightStep } from "./weight.ts";

const module = await inlineModule("aggregate");
const KEY = new Uint8Array(32);

Deno.test("weight: examples count up to the cap and no further", () => {
  assert.equal(cappedWeight(25, 100), 0.25);
  assert.equal(cappedWeight(100, 100), 1);
  assert.equal(cappedWeight(1e9, 100), 1);
  assert.equal(cappedWeight(0, 100), 0);
  assert.equal(cappedWeight(7, null), 1);
});

Deno.test("weight: it lies in [0, 1], grows with the examples, and nobody passes a cap's worth", () => {
  const count = fc.nat(1e6);
  fc.assert(fc.property(count, count, fc.integer({ min: 1, max: 1e6 }), (few, more, cap) => {
    const [less, most] = [Math.min(few, more), Math.max(few, more)];
    assert.ok(cappedWeight(less, cap) <= cappedWeight(most, cap));
    assert.ok(cappedWeight(most, cap) <= 1 && cappedWeight(less, cap) >= 0);
  }));
});

Deno.test("weight: counts and caps that are none are mistakes", () => {
  for (const examples of [-1, NaN, Infinity]) {
    assert.throws(() => cappedWeight(examples, 10), /Cannot weigh/);
    assert.throws(() => cappedWeight(examples, null), /Cannot weigh/);
  }
  for (const cap of [0, -1, NaN]) assert.throws(() => cappedWeight(1, cap), /Cannot cap weights/);
});

Deno.test("weight: an update is multiplied by its weight and the weight travels beside it", () => {
  using core = createAggregateCore(module);
  const update = { w: { shape: [2], data: Float32Array.of(8, -2) } };
  const step = weightStep(core, 40);
  const sent = step.send(update, { contribution: { weights: {}, examples: 10 }, key: KEY });
  assert.deepEqual(sent, {
    w: { shape: [2], data: Float32Array.of(2, -0.5) },
    [WEIGHT_TENSOR]: { shape: [1], data: Float32Array.of(0.25) },
  });
  assert.deepEqual([...update.w.data], [8, -2]);
});

Deno.test("weight: a model's own sums are left alone, and sums are received as they are", () => {
  using core = createAggregateCore(module);
  const update = { s: { shape: [1], data: Float32Array.of(8) } };
  const step = weightStep(core, 40);
  const sender = { contribution: { kind: "sums", sums: update }, key: KEY } as const;
  assert.equal(step.send(update, sender), update);
  assert.equal(step.receive(update, 3), update);
});

Deno.test("weight: what was weighed is told as it was before, and zeros where the weight was 0", () => {
  using core = createAggregateCore(module);
  const update = { w: { shape: [2], data: Float32Array.of(8, -2) } };
  const back = (examples: number) => {
    const contribution = { weights: {}, examples };
    const sent = weightStep(core, 40).send(update, { contribution, key: KEY });
    return unweighted(sent, contribution, 40).w;
  };
  assert.deepEqual(back(10), update.w);
  assert.deepEqual(back(400), update.w);
  assert.deepEqual(back(0), { shape: [2], data: Float32Array.of(0, -0) });
  const sums = { kind: "sums", sums: update } as const;
  assert.equal(unweighted(update, sums, 40), update);
});
