import assert from "node:assert/strict";
import { isTributaryError } from "../core/errors.ts";
import type { NamedTensors } from "../core/tensor.ts";
import type { Contribution } from "../core/trainer.ts";
import { createAggregateCore, inlineModule } from "../wasm/mod.ts";
import { type ChainPlan, createUpdateChain } from "./chain.ts";
import { decodeSum } from "./decode.ts";
import { encodeUpdate } from "./encode.ts";
import { metricMeans, metricTensors } from "./metrics.ts";
import { followedBy, type UpdateStep } from "./step.ts";

const module = await inlineModule("aggregate");
const KEY = new Uint8Array(32).fill(1);
const PLAN: ChainPlan = {
  tensors: [
    { name: "w", shape: [2], range: 4 },
    { name: "b", shape: [], range: 4 },
    { name: "clients/weight", shape: [1], range: 1 },
    ...metricTensors(["hr@10"]),
  ],
  slotBits: 32,
  maxClients: 256,
  clip: null,
  weightCap: null,
};
const MODEL = { w: tensor([2], 1, -1), b: tensor([], 0.5) };

Deno.test("chain: a change of weights arrives as model less weights, beside weight and metrics", () => {
  const sums = through(PLAN, {
    weights: { w: tensor([2], 5, -1), b: tensor([], -3.5) },
    examples: 12,
    metrics: { "hr@10": 1 },
  });
  assert.deepEqual([...sums["w"]!.data, ...sums["b"]!.data], [4, 0, -4]);
  assert.deepEqual([...sums["clients/weight"]!.data], [1]);
  assert.deepEqual(metricMeans(sums), { "hr@10": 1 });
});

Deno.test("chain: it clips before it weighs", () => {
  // The change (3, 0, 4) has norm 5. Clipped to 2.5 and halved it is (.75, 0, 1); halved first it
  // would be (1.5, 0, 2), which no clip at 2.5 would touch.
  const weights = { w: tensor([2], 4, -1), b: tensor([], 4.5) };
  const plan = { ...PLAN, clip: 2.5, weightCap: 20 };
  const sums = through(plan, { weights, examples: 10, metrics: { "hr@10": 0 } });
  assertClose(sums["w"]!, [0.75, 0]);
  assertClose(sums["b"]!, [1]);
  assertClose(sums["clients/weight"]!, [0.5]);
  assert.deepEqual(metricMeans(sums), { "hr@10": 0 });
});

Deno.test("chain: the sum tells what share of the updates was clipped, and of no client whether its was", () => {
  using core = createAggregateCore(module);
  const tensors = [...PLAN.tensors.slice(0, 3), ...metricTensors(["clipped"])];
  const chain = createUpdateChain(core, { ...PLAN, tensors, clip: 2.5 });
  const changes = [[3, 4], [1, 1], [0, 2.5], [0, 2.6]] as const;
  const sum = new Uint32Array(tensors.length + 1);
  changes.forEach(([w, b], at) => {
    const weights = { w: tensor([2], 1 + w, -1), b: tensor([], 0.5 + b) };
    const key = new Uint8Array(32).fill(at);
    const parcel = chain.encode({ weights, examples: 1 }, { model: MODEL, key });
    new Uint32Array(parcel.buffer).forEach((word, i) => sum[i]! += word);
  });
  const sums = chain.decode(new Uint8Array(sum.buffer), changes.length);
  assert.deepEqual(metricMeans(sums), { clipped: 0.5 });
});

Deno.test("chain: a strategy forms what was clipped, and what it forms is weighed", () => {
  using core = createAggregateCore(module);
  const tensors = [...PLAN.tensors, { name: "twice", shape: [2], range: 8 }];
  const chain = createUpdateChain(core, { ...PLAN, tensors, clip: 2.5, weightCap: 20 });
  // The change (3, 0, 4) is clipped to (1.5, 0, 2).
  const contribution = {
    weights: { w: tensor([2], 4, -1), b: tensor([], 4.5) },
    examples: 10,
    metrics: { "hr@10": 0 },
  };
  const parcel = chain.encode(contribution, {
    ...{ model: MODEL, key: KEY },
    form: (change, { examples }) => {
      assert.equal(examples, 10);
      return { ...change, twice: tensor([2], ...change.w!.data.map((value) => 2 * value)) };
    },
  });
  const sums = chain.decode(parcel, 1);
  assertClose(sums["w"]!, [0.75, 0]);
  assertClose(sums["twice"]!, [1.5, 0]);
  // To the one who sent it, without its weight.
  const sent = chain.sent(parcel, contribution);
  assertClose(sent["twice"]!, [3, 0]);
});

Deno.test("chain: a model's own sums are nobody else's to form", () => {
  using core = createAggregateCore(module);
  const chain = createUpdateChain(core, PLAN);
  const sums = { w: tensor([2], 1, 2), b: tensor([], 3), "clients/weight": tensor([1], 1) };
  const contribution = { kind: "sums", sums, metrics: { "hr@10": 0 } } as const;
  const options = { model: MODEL, key: KEY };
  const form = () => assert.fail("was asked");
  assert.deepEqual(
    chain.encode(contribution, { ...options, form }),
    chain.encode(contribution, options),
  );
});

Deno.test("chain: metrics are neither clipped nor weighed", () => {
  const weights = { w: tensor([2], 101, -1), b: tensor([], 0.5) };
  const plan = { ...PLAN, clip: 0.01, weightCap: 1000 };
  const sums = through(plan, { weights, examples: 1, metrics: { "hr@10": 1 } });
  assert.deepEqual(metricMeans(sums), { "hr@10": 1 });
});

Deno.test("chain: the weighted mean of three clients is Σ w·Δ over Σ w", () => {
  using core = createAggregateCore(module);
  const chain = createUpdateChain(core, { ...PLAN, weightCap: 8 });
  const sum = new Uint32Array(6);
  for (const [change, examples] of [[1, 8], [2, 4], [-1, 100]] as const) {
    const weights = { w: tensor([2], 1 + change, -1), b: tensor([], 0.5) };
    const parcel = chain.encode({ weights, examples }, { model: MODEL, key: KEY });
    new Uint32Array(parcel.buffer).forEach((word, i) => sum[i]! += word);
  }
  const sums = chain.decode(new Uint8Array(sum.buffer), 3);
  assertClose(sums["w"]!, [1 + 2 * 0.5 - 1, 0]);
  assertClose(sums["clients/weight"]!, [2.5]);
  assert.deepEqual(metricMeans(sums), {});
});

Deno.test("chain: a model's own sums are neither clipped nor weighed", () => {
  const plan: ChainPlan = {
    ...PLAN,
    tensors: [{ name: "gram", shape: [2, 2], range: 4 }, ...metricTensors(["hr@10"])],
    clip: 0.1,
    weightCap: 100,
  };
  const gram = tensor([2, 2], 1, 2, 3, 4);
  const sums = through(plan, { kind: "sums", sums: { gram }, metrics: { "hr@10": 0.5 } });
  assertClose(sums["gram"]!, [1, 2, 3, 4]);
  assert.ok(Math.abs(metricMeans(sums)["hr@10"]! - 0.5) < 1e-6);
});

Deno.test("chain: the same contribution and key give the same bits, another key others", () => {
  using core = createAggregateCore(module);
  const chain = createUpdateChain(core, { ...PLAN, slotBits: 19, clip: 0.3 });
  const contribution = { weights: { w: tensor([2], 1.1, -0.9), b: tensor([], 0.6) }, examples: 1 };
  const encode = (key: Uint8Array): Uint8Array => chain.encode(contribution, { model: MODEL, key });
  assert.deepEqual(encode(KEY), encode(KEY.slice()));
  const others = Array.from({ length: 20 }, (_, i) => encode(new Uint8Array(32).fill(i + 2)));
  assert.ok(others.some((parcel) => parcel.some((byte, i) => byte !== encode(KEY)[i])));
});

Deno.test("chain: contributions leave the model and themselves as they were", () => {
  const contribution = {
    weights: { w: tensor([2], 9, -1), b: tensor([], 0.5) },
    examples: 3,
    metrics: { "hr@10": 1 },
  };
  const before = structuredClone({ contribution, MODEL });
  through({ ...PLAN, clip: 1, weightCap: 10 }, contribution);
  assert.deepEqual({ contribution, MODEL }, before);
});

Deno.test("chain: what is not the model's shape is refused by name", () => {
  const right = { w: tensor([2], 1, 1), b: tensor([], 1) };
  const cases: [Contribution, RegExp][] = [
    [{ weights: { w: right.w }, examples: 1 }, /weights "b" of the model are missing/],
    [{ weights: { ...right, c: right.b }, examples: 1 }, /the model has no weights "c"/],
    [
      { weights: { ...right, w: tensor([2, 1], 1, 1) }, examples: 1 },
      /weights "w" have 2 values of shape \[2,1\], expected \[2\]/,
    ],
    [
      { weights: { ...right, w: { shape: [2], data: new Float32Array(3) } }, examples: 1 },
      /weights "w" have 3 values/,
    ],
    [{ kind: "sums", sums: right }, /tensor "clients\/weight" is missing/],
    [{ weights: right, examples: 1, metrics: {} }, /metric "hr@10" is missing/],
  ];
  for (const [contribution, sentence] of cases) {
    assert.throws(() => through(PLAN, contribution), (error) => {
      assert.ok(isTributaryError(error, "update-misshapen"), String(error));
      assert.match(error.message, sentence);
      return true;
    });
  }
});

Deno.test("chain: values that are not finite are refused by name, clipped or not", () => {
  const bad = { w: tensor([2], 1, NaN), b: tensor([], 1) };
  const far = { w: tensor([2], 1, 3e38), b: tensor([], 1) };
  const model = { ...MODEL, w: tensor([2], 1, -3e38) };
  for (const clip of [null, 1]) {
    for (const [weights, from] of [[bad, MODEL], [far, model]] as const) {
      using core = createAggregateCore(module);
      const chain = createUpdateChain(core, { ...PLAN, clip });
      assert.throws(
        () => chain.encode({ weights, examples: 1 }, { model: from, key: KEY }),
        (error) =>
          isTributaryError(error, "update-not-finite") &&
          /tensor "w": its value at index 1 is (NaN|Infinity)/.test(error.message),
      );
    }
  }
  const right = { w: tensor([2], 1, 1), b: tensor([], 1) };
  assert.throws(
    () => through(PLAN, { weights: right, examples: 1, metrics: { "hr@10": NaN } }),
    /tensor "metrics\/hr@10": its value at index 0 is NaN/,
  );
});

Deno.test("chain: a plan that does not fit is refused when the chain is made", () => {
  using core = createAggregateCore(module);
  assert.throws(
    () => createUpdateChain(core, { ...PLAN, slotBits: 8 }),
    (error) => isTributaryError(error, "task-refused"),
  );
});

Deno.test("chain: a step put in the middle sees the update after the first and the sum before it", () => {
  const seen: string[] = [];
  const named = (name: string): UpdateStep<string, string> => ({
    send: (update) => `${update}>${name}`,
    receive: (sum, clients) => (seen.push(name), `${sum}<${name}${clients}`),
  });
  const chain = [named("clip"), named("compress"), named("mask")].reduce(followedBy);
  const sender = { contribution: { weights: {}, examples: 1 }, key: KEY };
  assert.equal(chain.send("Δ", sender), "Δ>clip>compress>mask");
  assert.equal(chain.receive("Σ", 3), "Σ<mask3<compress3<clip3");
  assert.deepEqual(seen, ["mask", "compress", "clip"]);
});

Deno.test("chain: for a model's own sums it is the plain encoding and decoding", () => {
  using core = createAggregateCore(module);
  const plan = { ...PLAN, tensors: [{ name: "s", shape: [3], range: 1 }] };
  const chain = createUpdateChain(core, plan);
  const tensors = { s: tensor([3], 0.1, -0.2, 0.3) };
  const parcel = chain.encode({ kind: "sums", sums: tensors }, { model: MODEL, key: KEY });
  assert.deepEqual(parcel, encodeUpdate(core, plan, { tensors, key: KEY }));
  assert.deepEqual(chain.decode(parcel, 1), decodeSum(core, plan, { sum: parcel, clients: 1 }));
});

function through(plan: ChainPlan, contribution: Contribution): NamedTensors {
  using core = createAggregateCore(module);
  const chain = createUpdateChain(core, plan);
  return chain.decode(chain.encode(contribution, { model: MODEL, key: KEY }), 1);
}

function tensor(shape: number[], ...values: number[]): NamedTensors[string] {
  return { shape, data: Float32Array.from(values) };
}

function assertClose({ data }: NamedTensors[string], want: readonly number[]): void {
  assert.equal(data.length, want.length);
  want.forEach((value, i) => assert.ok(Math.abs(data[i]! - value) < 2e-6, `${data[i]} ≠ ${value}`));
}
