import assert from "node:assert/strict";
import fc from "fast-check";
import { type Rng, seededRng } from "../core/random.ts";
import { type NamedTensors, tensorOf } from "../core/tensor.ts";
import type { SumsContribution } from "../core/trainer.ts";
import { createTrainCore, inlineModule } from "../wasm/mod.ts";
import { ials, type IalsModel } from "./ials.ts";
import type { IalsSettings } from "./ials_options.ts";
import type { PersonExamples } from "./model.ts";

const core = createTrainCore(await inlineModule("train"));
const SEED = new Uint8Array(32).fill(9);
const context = { round: 1, seed: SEED, signal: new AbortController().signal };
const state = { get: () => Promise.resolve(undefined), set: () => Promise.resolve() };

async function contribute(
  model: IalsModel,
  tensors: NamedTensors,
  examples: PersonExamples,
): Promise<SumsContribution> {
  const contribution = await model.trainer({ core, examples, state })(tensors, context);
  assert.equal(contribution.kind, "sums");
  return contribution as SumsContribution;
}

function randomTable(rng: Rng, { items, dim }: IalsSettings, deviation: number): NamedTensors {
  const data = Float32Array.from({ length: items * dim }, () => deviation * rng.normal());
  return { items: { shape: [items, dim], data } };
}

function entries(values: ArrayLike<number>, at: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => values[at + i]!);
}

function norm(values: Iterable<number>): number {
  return Math.hypot(...values);
}

Deno.test("ials: the first table is the same for the same seed, with rows of length 0.1", () => {
  const model = ials({ items: 2000, dim: 32 });
  const { data } = tensorOf(model.initial(SEED), "items");
  assert.deepEqual(tensorOf(model.initial(SEED), "items").data, data);
  assert.notDeepEqual(tensorOf(model.initial(new Uint8Array(32)), "items").data, data);
  const square = data.reduce((sum, value) => sum + value ** 2, 0) / 2000;
  assert.ok(Math.abs(Math.sqrt(square) - 0.1) < 0.002, `${Math.sqrt(square)}`);
});

Deno.test("ials: the default strategy has the model's settings", () => {
  const { strategy } = ials({ items: 5, dim: 2, a0: 0.5, reg: 0.1, range: 2 });
  assert.deepEqual(strategy, { kind: "als-newton", a0: 0.5, reg: 0.1, lr: 1, range: 2 });
  const exact = ials({ items: 5, dim: 2, form: "exact" });
  assert.deepEqual(exact.strategy, { kind: "als-exact", a0: 0.3, reg: 0.005, range: 1 });
});

Deno.test("ials: a newton client sends what the recipe says, by hand for one dimension", async () => {
  const model = ials({ items: 3, dim: 1 });
  const tensors = { items: { shape: [3, 1], data: Float32Array.of(0.5, -0.25, 1) } };
  const { sums } = await contribute(model, tensors, { items: Uint32Array.of(0, 2) });
  const gram = 0.25 + 0.0625 + 1;
  const p = 1.5 / (1.25 + 0.3 * gram + 0.005 * (2 + 0.3 * 3));
  const close = (name: string, want: number[]): void => {
    tensorOf(sums, name).data.forEach((value, i) =>
      assert.ok(Math.abs(value - want[i]!) < 1e-6, `${name}: ${value}, expected ${want[i]}`)
    );
    assert.equal(tensorOf(sums, name).data.length, want.length);
  };
  // p = 0.892 is within range, and the norm 0.97 within the clip: the weight is 1.
  close("gradient", [(1 - p * 0.5) * p, 0, (1 - p) * p]);
  close("strength", [p * p, 0, p * p]);
  close("gram", [p * p]);
  close("curvature", [p * p * Math.sqrt(2 / 30)]);
  close("weight", [1]);
});

Deno.test("ials: an exact client sends what it adds to each item's normal equations", async () => {
  const model = ials({ items: 4, dim: 2, form: "exact" });
  const tensors = randomTable(seededRng(SEED), model.options, 0.5);
  const { sums } = await contribute(model, tensors, { items: Uint32Array.of(3, 1) });
  const [x, y] = entries(tensorOf(sums, "linear").data, 2, 2);
  const outer = [x! * x!, x! * y!, y! * y!].map(Math.fround);
  assert.deepEqual([...tensorOf(sums, "linear").data], [0, 0, x, y, 0, 0, x, y]);
  assert.deepEqual([...tensorOf(sums, "outer").data], [0, 0, 0, ...outer, 0, 0, 0, ...outer]);
  assert.deepEqual([...tensorOf(sums, "gram").data], outer);
  assert.deepEqual([...tensorOf(sums, "count").data], [0, 1, 0, 1]);
});

Deno.test("ials: no newton client sends more than its clip and range, however wild the table", async () => {
  const settings = fc.record({
    seed: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    count: fc.integer({ min: 1, max: 90 }),
    deviation: fc.constantFrom(0.01, 0.3, 3),
    clip: fc.constantFrom(0.1, 1, 3),
    range: fc.constantFrom(0.2, 1),
  });
  await fc.assert(fc.asyncProperty(settings, async ({ seed, count, deviation, clip, range }) => {
    const model = ials({ items: 100, dim: 5, clip, range });
    const tensors = randomTable(seededRng(seed), model.options, deviation);
    const { sums } = await contribute(model, tensors, {
      items: Uint32Array.from({ length: count }, (_, i) => i),
    });
    const { gradient, strength, gram, curvature, weight } = sums;
    assert.ok(norm([...gradient!.data, ...strength!.data]) <= clip * (1 + 1e-5));
    const w = weight!.data[0]!;
    assert.ok(w > 0 && w <= Math.min(1, Math.sqrt(30 / count)) + 1e-6);
    // The Gramians shrink with the weight: their trace is w·|p|², and |p| within range.
    const trace = [0, 2, 5, 9, 14].reduce((sum, at) => sum + gram!.data[at]!, 0);
    assert.ok(trace <= w * range ** 2 * (1 + 1e-5));
    assert.ok(Math.abs(strength!.data[0]! - trace) < 1e-5);
    curvature!.data.forEach((value, at) =>
      assert.ok(Math.abs(value - gram!.data[at]! * Math.sqrt(count / 30)) < 1e-5)
    );
    assert.deepEqual([...strength!.data.subarray(count)], Array(100 - count).fill(0));
  }));
});

Deno.test("ials: a client that took nothing sends zeros", async () => {
  for (const form of ["newton", "exact"] as const) {
    const model = ials({ items: 4, dim: 3, form });
    const tensors = model.initial(SEED);
    const { sums, metrics } = await contribute(model, tensors, {
      items: new Uint32Array(),
      evaluation: { target: 1, negatives: Uint32Array.of(0, 2, 3) },
    });
    for (const { data } of Object.values(sums)) assert.ok(data.every((value) => value === 0));
    // All scores tie, which counts against the held-out item: rank 4.
    assert.deepEqual(metrics, { "hr@10": 1, "ndcg@10": 1 / Math.log2(5), loss: 0 });
  }
});

Deno.test("ials: what is held out changes nothing that is sent", async () => {
  for (const form of ["newton", "exact"] as const) {
    const model = ials({ items: 20, dim: 3, form });
    const tensors = randomTable(seededRng(SEED), model.options, 0.4);
    const items = Uint32Array.of(1, 4, 7);
    const plain = await contribute(model, tensors, { items });
    const asked = await contribute(model, tensors, {
      items,
      evaluation: { target: 9, negatives: Uint32Array.of(2, 3) },
    });
    assert.deepEqual(asked.sums, plain.sums);
    assert.equal(plain.metrics, undefined);
    assert.deepEqual(Object.keys(asked.metrics!), model.metrics);
  }
});

Deno.test("ials: metrics rank the held-out item with the person solved from the received table", async () => {
  const model = ials({ items: 13, dim: 1 });
  const first = Float32Array.from({ length: 13 }, (_, item) => item === 0 ? 1 : item / 20);
  const tensors = { items: { shape: [13, 1], data: first } };
  const rank = async (target: number) => {
    const negatives = Uint32Array.from(first.keys()).filter((item) =>
      item !== 0 && item !== target
    );
    const examples = { items: Uint32Array.of(0), evaluation: { target, negatives } };
    return (await contribute(model, tensors, examples)).metrics!;
  };
  assert.equal((await rank(12))["ndcg@10"], 1);
  assert.equal((await rank(11))["ndcg@10"], 1 / Math.log2(3));
  assert.equal((await rank(3))["hr@10"], 1);
  assert.equal((await rank(2))["hr@10"], 0);
  assert.equal((await rank(2))["ndcg@10"], 0);
  const { loss } = await rank(5);
  const gram = first.reduce((sum, value) => sum + value ** 2, 0);
  const p = 1 / (1 + 0.3 * gram + 0.005 * (1 + 0.3 * 13));
  // The least value of a quadratic that is n_u = 1 at zero, with slope −2 there.
  assert.ok(Math.abs(loss! - (1 - p)) < 1e-6);
});

Deno.test("ials: the loss is in [0, 1] whatever the table", async () => {
  await fc.assert(fc.asyncProperty(
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc.constantFrom(1e-3, 0.3, 10),
    fc.constantFrom("newton" as const, "exact" as const),
    async (seed, deviation, form) => {
      const model = ials({ items: 30, dim: 4, form, range: 0.5 });
      const tensors = randomTable(seededRng(seed), model.options, deviation);
      const evaluation = { target: 20, negatives: Uint32Array.of(21, 22) };
      const examples = { items: Uint32Array.of(0, 1, 2, 3, 9), evaluation };
      const { loss } = (await contribute(model, tensors, examples)).metrics!;
      assert.ok(loss! >= 0 && loss! <= 1, `${loss}`);
    },
  ));
});

Deno.test("ials: the scorer leaves out what the person took, and agrees with the metrics", async () => {
  const model = ials({ items: 50, dim: 4 });
  const tensors = randomTable(seededRng(SEED), model.options, 0.4);
  const items = Uint32Array.of(3, 8, 21);
  const scores = await model.scorer({ core, examples: { items }, state })(tensors);
  assert.equal(scores.length, 50);
  assert.deepEqual([...items].map((item) => scores[item]), Array(3).fill(-Infinity));
  const unseen = [...scores.keys()].filter((item) => !items.includes(item));
  const [target, ...others] = unseen.sort((a, b) => scores[b]! - scores[a]!).slice(2);
  const evaluation = {
    target: target!,
    negatives: Uint32Array.from([...unseen.slice(0, 2), ...others]),
  };
  const { metrics } = await contribute(model, tensors, { items, evaluation });
  assert.equal(metrics!["ndcg@10"], 1 / Math.log2(4));
});

Deno.test("ials: the received model stays as it was, and the core's memory is free afterwards", async () => {
  const model = ials({ items: 20, dim: 3 });
  const tensors = randomTable(seededRng(SEED), model.options, 0.4);
  const before = tensorOf(tensors, "items").data.slice();
  const mark = core.memory.mark();
  await contribute(model, tensors, { items: Uint32Array.of(0, 19) });
  assert.deepEqual(tensorOf(tensors, "items").data, before);
  assert.equal(core.memory.mark(), mark);
  await assert.rejects(contribute(model, tensors, { items: Uint32Array.of(20) }), /row 20/);
  assert.equal(core.memory.mark(), mark);
});

Deno.test("ials: a round that is over is not trained for", async () => {
  const model = ials({ items: 4, dim: 2 });
  const trainer = model.trainer({ core, examples: { items: Uint32Array.of(0) }, state });
  const signal = AbortSignal.abort(new Error("over"));
  await assert.rejects(
    async () => await trainer(model.initial(SEED), { ...context, signal }),
    /over/,
  );
});
