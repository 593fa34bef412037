import assert from "node:assert/strict";
import fc from "fast-check";
import { tensorOf } from "../core/tensor.ts";
import type { SumsContribution } from "../core/trainer.ts";
import { createTrainCore, inlineModule } from "../wasm/mod.ts";
import { triangleLength } from "../wasm/train_linear.ts";
import { ease, type EaseModel } from "./ease.ts";
import type { PersonExamples } from "./model.ts";

const core = createTrainCore(await inlineModule("train"));
const SEED = new Uint8Array(32).fill(9);
const context = { round: 2, seed: SEED, signal: new AbortController().signal };
const state = { get: () => Promise.resolve(undefined), set: () => Promise.resolve() };

async function contribute(
  model: EaseModel,
  examples: PersonExamples,
  tensors = model.initial(SEED),
): Promise<SumsContribution> {
  const contribution = await model.trainer({ core, examples, state })(tensors, context);
  assert.equal(contribution.kind, "sums");
  return contribution as SumsContribution;
}

async function pairs(model: EaseModel, ...items: number[]): Promise<Float32Array> {
  const { sums } = await contribute(model, { items: Uint32Array.from(items) });
  assert.deepEqual(Object.keys(sums), ["pairs"]);
  return tensorOf(sums, "pairs").data;
}

Deno.test("ease: what is learned is one packed triangle, stepped by the model's regularisation", () => {
  const model = ease({ items: 4, reg: 7 });
  assert.deepEqual(model.tensors, [{ name: "inverse", shape: [10] }]);
  assert.deepEqual(model.strategy, { kind: "ease", reg: 7 });
});

Deno.test("ease: a client sends 1 for each pair that it has, items with themselves among them", async () => {
  //                                                   0  1 1  2 2 2  3 3 3 3
  assert.deepEqual([...await pairs(ease({ items: 4 }), 3, 1)], [0, 0, 1, 0, 0, 0, 0, 1, 0, 1]);
  assert.deepEqual([...await pairs(ease({ items: 2 }))], [0, 0, 0]);
});

Deno.test("ease: with a cap, nobody's sums are longer than it", async () => {
  const model = ease({ items: 30, cap: 4 });
  assert.deepEqual(new Set(await pairs(model, 0, 5, 7, 9)), new Set([0, 1]));
  assert.deepEqual(new Set(await pairs(model, 0, 1, 2, 3, 4, 5, 6, 7)), new Set([0, 0.5]));
  const taken = fc.uniqueArray(fc.nat(29), { maxLength: 30 });
  await fc.assert(fc.asyncProperty(taken, async (items) => {
    assert.ok(Math.hypot(...await pairs(model, ...items)) <= 4 + 1e-6);
  }));
});

Deno.test("ease: an item outside the catalogue is refused", async () => {
  await assert.rejects(pairs(ease({ items: 4 }), 1, 4), {
    name: "RangeError",
    message: "Cannot train on item 4: expected one below 4",
  });
});

Deno.test("ease: scores are -P_ij / P_jj over one's own items, which get none themselves", async () => {
  const model = ease({ items: 3 });
  const inverse = { shape: [6], data: Float32Array.of(2, -1, 4, 0.5, -2, 8) };
  const score = (...items: number[]): Promise<Float32Array> =>
    model.scorer({ core, examples: { items: Uint32Array.from(items) }, state })({ inverse });
  assert.deepEqual([...await score(0)], [-Infinity, 0.25, -0.0625]);
  assert.deepEqual([...await score(1)], [0.5, -Infinity, 0.25]);
  assert.deepEqual([...await score(2, 0)], [-Infinity, 0.75, -Infinity]);
  assert.deepEqual([...await score()].map(Math.abs), [0, 0, 0]);
});

Deno.test("ease: the first model knows nothing, so that its metrics are 0", async () => {
  const model = ease({ items: 6 });
  const evaluation = { target: 3, negatives: Uint32Array.of(2, 4, 5) };
  const examples = { items: Uint32Array.of(0, 1), evaluation };
  const scores = await model.scorer({ core, examples, state })(model.initial(SEED));
  assert.deepEqual([...scores].map((x) => Math.abs(x)), [Infinity, Infinity, 0, 0, 0, 0]);
  const wide = ease({ items: 40 });
  const negatives = Uint32Array.from({ length: 30 }, (_, at) => at + 5);
  const { metrics } = await contribute(wide, { ...examples, evaluation: { target: 3, negatives } });
  assert.deepEqual(metrics, { "hr@10": 0, "ndcg@10": 0 });
});

Deno.test("ease: metrics are of the received model, and of those who hold something back", async () => {
  const model = ease({ items: 3 });
  const inverse = { shape: [6], data: Float32Array.of(2, -1, 4, 0.5, -2, 8) };
  const items = Uint32Array.of(0);
  const asked = (target: number, other: number) =>
    contribute(model, { items, evaluation: { target, negatives: Uint32Array.of(other) } }, {
      inverse,
    });
  assert.deepEqual((await asked(1, 2)).metrics, { "hr@10": 1, "ndcg@10": 1 });
  assert.deepEqual((await asked(2, 1)).metrics, { "hr@10": 1, "ndcg@10": 1 / Math.log2(3) });
  assert.equal((await contribute(model, { items }, { inverse })).metrics, undefined);
});

Deno.test("ease: in the first round, before anything is learned, nothing is measured", async () => {
  const model = ease({ items: 3 });
  const examples = {
    items: Uint32Array.of(0),
    evaluation: { target: 1, negatives: Uint32Array.of(2) },
  };
  const trainer = model.trainer({ core, examples, state });
  const contribution = await trainer(model.initial(SEED), { ...context, round: 1 });
  assert.deepEqual(Object.keys(contribution), ["kind", "sums"]);
});

Deno.test("ease: a round that is over is not trained for", async () => {
  const model = ease({ items: 2 });
  const trainer = model.trainer({ core, examples: { items: Uint32Array.of(0) }, state });
  const signal = AbortSignal.abort(new Error("over"));
  await assert.rejects(
    async () => await trainer(model.initial(SEED), { ...context, signal }),
    { message: "over" },
  );
});

Deno.test("ease: the first model is the inverse of nothing but a regularisation of 1", () => {
  const { data } = tensorOf(ease({ items: 5 }).initial(SEED), "inverse");
  assert.equal(data.length, triangleLength(5));
  assert.deepEqual([...data.entries()].filter(([, x]) => x !== 0), [
    ...[[0, 1], [2, 1], [5, 1], [9, 1], [14, 1]],
  ]);
});
