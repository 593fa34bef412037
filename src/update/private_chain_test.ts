import assert from "node:assert/strict";
import fc from "fast-check";
import type { NamedTensors } from "../core/tensor.ts";
import { WEIGHT_TENSOR } from "../core/trainer.ts";
import type { Contribution } from "../core/trainer.ts";
import { createAggregateCore } from "../wasm/aggregate.ts";
import { inlineModule } from "../wasm/inline.ts";
import type { PrivacyMechanism, PrivacyPlan } from "../wire/privacy_plan.ts";
import { createUpdateChain } from "./chain.ts";
import { metricTensors } from "./metrics.ts";
import { gridLimit } from "./plan.ts";
import type { PrivateChainPlan } from "./private_chain.ts";
import { gridOf } from "./private_plan.ts";

const ROTATION = new Uint8Array(32).fill(9);

/** 32 bytes of a number. */
function bytes(number: number): Uint8Array<ArrayBuffer> {
  const found = new Uint8Array(32);
  new DataView(found.buffer).setUint32(0, number, true);
  return found;
}

function planOf(
  values: number,
  { mechanism, weightCap = 10, ...privacy }: {
    readonly mechanism: PrivacyMechanism;
    readonly weightCap?: number | null;
  } & Partial<PrivacyPlan>,
): PrivateChainPlan {
  return {
    tensors: [
      { name: "w", shape: [values], range: 1 },
      ...(weightCap === null ? [] : [{ name: WEIGHT_TENSOR, shape: [1], range: 1 }]),
      ...metricTensors(["loss"], 2),
      ...(privacy.adaptiveClip ? [{ name: "clip/below", shape: [1], range: 0.5 }] : []),
    ],
    slotBits: 28,
    maxClients: 64,
    clip: null,
    weightCap,
    privacy: {
      ...{ epsilon: 4, delta: 1e-6, clip: 2, noise: 1, extras: 0.25, scale: 2000 },
      ...privacy,
      mechanism,
    },
  };
}

function weightsOf(data: Float32Array<ArrayBuffer>, examples = 5, loss = 0.5): Contribution {
  const w = { shape: [data.length], data };
  return { kind: "weights", weights: { w }, examples, metrics: { loss } };
}

const zeros = (values: number): NamedTensors => ({
  w: { shape: [values], data: new Float32Array(values) },
});

/** Whole numbers of a parcel. */
function stepsOf(parcel: Uint8Array<ArrayBuffer>, plan: PrivateChainPlan): Int32Array {
  const limit = gridLimit(plan);
  return Int32Array.from(new Uint32Array(parcel.buffer), (word) => word - limit);
}

function added(sum: Uint32Array, parcel: Uint8Array<ArrayBuffer>): void {
  new Uint32Array(parcel.buffer).forEach((word, i) => sum[i] = (sum[i] ?? 0) + word);
}

const norm = (data: ArrayLike<number>): number => Math.hypot(...Array.from(data));

Deno.test("private chain: without noise the sum is that of the clipped and weighed changes, to a step", async () => {
  using core = createAggregateCore(await inlineModule("aggregate"));
  const values = 300;
  const plan = planOf(values, { mechanism: { kind: "gaussian" } });
  const chain = createUpdateChain(core, plan);
  const client = fc.record({
    data: fc.array(fc.double({ min: -1, max: 1, noNaN: true }), {
      minLength: values,
      maxLength: values,
    }),
    size: fc.constantFrom(0, 0.01, 0.2, 5),
    examples: fc.integer({ min: 0, max: 30 }),
    loss: fc.double({ min: -3, max: 3, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(client, { minLength: 1, maxLength: 5 }), (clients) => {
      const sum = new Uint32Array(gridOf(plan).words);
      const expected = new Float64Array(values);
      let [weights, losses] = [0, 0];
      clients.forEach(({ data, size, examples, loss }, at) => {
        const change = Float32Array.from(data, (x) => x * size);
        const weight = Math.min(examples, 10) / 10;
        const factor = weight * Math.min(1, 2 / norm(change));
        change.forEach((x, i) => expected[i] = (expected[i] ?? 0) + factor * x);
        weights += weight;
        losses += Math.min(Math.max(loss, -2), 2);
        added(
          sum,
          chain.encode(weightsOf(change, examples, loss), {
            model: zeros(values),
            key: bytes(at),
            private: { rotation: ROTATION, noise: bytes(at) },
          }),
        );
      });
      const found = chain.decode(new Uint8Array(sum.buffer), clients.length, {
        rotation: ROTATION,
      });
      // A step is clip/scale; that of each value of a rotated block is one at most.
      const step = 2 / 2000 * Math.sqrt(clients.length);
      const off = (found["w"]?.data ?? new Float32Array()).map((x, i) => x - (expected[i] ?? 0));
      assert.ok(norm(off) < step * Math.sqrt(values) * 1.2, `${norm(off)}`);
      // Single values are spread over their block as well, and have one factor.
      const extra = 6 * Math.sqrt(clients.length) / 2000 / (0.25 / Math.sqrt(3));
      assert.ok(Math.abs((found[WEIGHT_TENSOR]?.data[0] ?? NaN) - weights) < extra);
      assert.ok(Math.abs((found["metrics/loss"]?.data[0] ?? NaN) - losses) < 2 * extra);
      assert.ok(
        Math.abs((found["metrics/evaluated"]?.data[0] ?? NaN) - clients.length) < extra,
      );
    }),
    { numRuns: 30 },
  );
});

Deno.test("private chain: whatever a client has, its integers are within the bound of the accountant", async () => {
  using core = createAggregateCore(await inlineModule("aggregate"));
  const values = 500;
  // A coarse grid, where rounding makes vectors much longer.
  const plan = planOf(values, { mechanism: { kind: "gaussian" }, scale: 25 });
  const { l2, l1, sensitivity } = gridOf(plan);
  const chain = createUpdateChain(core, plan);
  const huge = fc.record({
    size: fc.constantFrom(1e-30, 0.01, 0.1, 1, 1e4, 1e30),
    only: fc.integer({ min: 1, max: values }),
    examples: fc.constantFrom(0, 1, 1e9),
    loss: fc.constantFrom(-1e9, 0, 1e30),
    seed: fc.integer({ min: 0, max: 1e6 }),
  });
  let longest = 0;
  fc.assert(fc.property(huge, ({ size, only, examples, loss, seed }) => {
    const data = new Float32Array(values).map((_, i) => i < only ? size * Math.cos(i * seed) : 0);
    const steps = stepsOf(
      chain.encode(weightsOf(data, examples, loss), {
        model: zeros(values),
        key: bytes(seed),
        private: { rotation: bytes(seed), noise: bytes(0) },
      }),
      plan,
    );
    const found = norm(steps);
    longest = Math.max(longest, found);
    assert.ok(found <= l2, `${found} > ${l2}`);
    assert.ok(steps.reduce((sum, x) => sum + Math.abs(x), 0) <= l1);
  }));
  assert.ok(longest > 25 * sensitivity, "rounding lengthens: the bound is not for show");
});

Deno.test("private chain: a model's own sums are bounded together, and their metrics with them", async () => {
  using core = createAggregateCore(await inlineModule("aggregate"));
  const plan: PrivateChainPlan = {
    ...planOf(20, { mechanism: { kind: "gaussian" }, weightCap: null }),
    tensors: [
      { name: "linear", shape: [12], range: 5 },
      { name: "weight", shape: [1], range: 1 },
      ...metricTensors(["loss"]),
    ],
  };
  const chain = createUpdateChain(core, plan);
  const sums = {
    linear: { shape: [12], data: new Float32Array(12).fill(3) },
    weight: { shape: [1], data: Float32Array.of(1) },
  };
  const parcel = chain.encode({ kind: "sums", sums, metrics: { loss: 0.5 } }, {
    model: {},
    key: bytes(1),
    private: { rotation: ROTATION, noise: bytes(1) },
  });
  const found = chain.decode(parcel, 1, { rotation: ROTATION });
  const factor = 2 / Math.hypot(Math.sqrt(12) * 3, 1);
  const linear = found["linear"]?.data ?? [];
  assert.ok(linear.length === 12);
  for (const x of linear) assert.ok(Math.abs(x - 3 * factor) < 0.01, `${x}`);
  // Shrunk alike, so that quotients of sums stay.
  assert.ok(Math.abs((found["weight"]?.data[0] ?? NaN) - factor) < 0.01);
  assert.ok(Math.abs((found["metrics/loss"]?.data[0] ?? NaN) - 0.5) < 0.02);
});

Deno.test("private chain: the noise of a sum has the variance that its clients' shares add up to", async () => {
  using core = createAggregateCore(await inlineModule("aggregate"));
  const values = 20_000;
  for (const [clients, shares] of [[8, 8], [12, 6]] as const) {
    const plan = planOf(values, { mechanism: { kind: "skellam", shares }, noise: 1.25 });
    const { stddev, words } = gridOf(plan);
    const chain = createUpdateChain(core, plan);
    const sum = new Uint32Array(words);
    for (let at = 0; at < clients; at++) {
      added(
        sum,
        chain.encode(weightsOf(new Float32Array(values)), {
          model: zeros(values),
          key: bytes(at),
          private: { rotation: ROTATION, noise: bytes(1000 + at) },
        }),
      );
    }
    let steps = new Int32Array();
    const found = chain.decode(new Uint8Array(sum.buffer), clients, {
      rotation: ROTATION,
      addNoise: (whole) => steps = whole.slice(),
    });
    // Values are 0 but for weight and metrics; what is left is noise, n shares of σ²/shares each.
    const variance = norm(steps) ** 2 / words;
    const expected = stddev ** 2 * clients / shares;
    const deviation = Math.sqrt(2 / words);
    const rounding = clients / 4;
    assert.ok(
      Math.abs((variance - rounding) / expected - 1) < 5 * deviation + 1e-3,
      `${variance} for ${expected}`,
    );
    assert.ok(variance > stddev ** 2 * (1 - 5 * deviation), "at least what is counted on");
    const decoded = norm(found["w"]?.data ?? []) / Math.sqrt(values);
    const want = 2 * 1.25 * Math.sqrt(clients / shares);
    assert.ok(Math.abs(decoded / want - 1) < 5 * deviation + 1e-3, `${decoded} for ${want}`);
  }
});

Deno.test("private chain: every word fits its slot, at the grid's far end too", async () => {
  using core = createAggregateCore(await inlineModule("aggregate"));
  const values = 40_000;
  // Noise that takes nearly all of its slot.
  const plan = {
    ...planOf(values, { mechanism: { kind: "skellam", shares: 64 }, noise: 6.5, scale: 800 }),
    slotBits: 20,
  };
  const { most, share } = gridOf(plan);
  assert.ok(most < 14 * Math.sqrt(share), "a slot so narrow that tables are cut");
  const chain = createUpdateChain(core, plan);
  const limit = gridLimit(plan);
  for (let at = 0; at < 5; at++) {
    const parcel = chain.encode(weightsOf(new Float32Array(values).fill(1)), {
      model: zeros(values),
      key: bytes(at),
      private: { rotation: ROTATION, noise: bytes(at) },
    });
    const words = new Uint32Array(parcel.buffer);
    assert.ok(words.every((word) => word <= 2 * limit));
  }
});

Deno.test("private chain: noise is of its own key alone, rounding and rotation of theirs", async () => {
  using core = createAggregateCore(await inlineModule("aggregate"));
  const plan = planOf(100, { mechanism: { kind: "skellam", shares: 4 } });
  const chain = createUpdateChain(core, plan);
  const data = new Float32Array(100).map((_, i) => Math.sin(i) / 20);
  const encode = (key: number, noise: number, rotation = ROTATION) =>
    chain.encode(weightsOf(data), {
      model: zeros(100),
      key: bytes(key),
      private: { rotation, noise: bytes(noise) },
    });
  assert.deepEqual(encode(1, 2), encode(1, 2));
  assert.notDeepEqual(encode(1, 2), encode(1, 3));
  assert.notDeepEqual(encode(1, 2), encode(2, 2));
  assert.notDeepEqual(encode(1, 2), encode(1, 2, bytes(5)));
  // The same noise on two vectors is off by their difference alone.
  const other = chain.encode(weightsOf(new Float32Array(100)), {
    model: zeros(100),
    key: bytes(1),
    private: { rotation: ROTATION, noise: bytes(2) },
  });
  const difference = stepsOf(encode(1, 2), plan).map((x, i) => x - (stepsOf(other, plan)[i] ?? 0));
  const { l2 } = gridOf(plan);
  assert.ok(norm(difference) < 2 * l2);
});

Deno.test("private chain: where all weigh the same, their number is their weight", async () => {
  using core = createAggregateCore(await inlineModule("aggregate"));
  const plan = planOf(10, { mechanism: { kind: "gaussian" }, weightCap: null });
  const chain = createUpdateChain(core, plan);
  const sum = new Uint32Array(gridOf(plan).words);
  for (let at = 0; at < 3; at++) {
    added(
      sum,
      chain.encode(weightsOf(new Float32Array(10).fill(0.1), 1 + at), {
        model: zeros(10),
        key: bytes(at),
        private: { rotation: ROTATION, noise: bytes(at) },
      }),
    );
  }
  const found = chain.decode(new Uint8Array(sum.buffer), 3, { rotation: ROTATION });
  assert.deepEqual([...found[WEIGHT_TENSOR]?.data ?? []], [3]);
});

Deno.test("private chain: a bit says who is within the round's bound, and the sum is in its units", async () => {
  using core = createAggregateCore(await inlineModule("aggregate"));
  const adaptiveClip = { quantile: 0.5, rate: 0.2, countNoise: 10 };
  const plan = planOf(4, { mechanism: { kind: "gaussian" }, adaptiveClip, noise: 3 });
  const chain = createUpdateChain(core, plan);
  const sum = new Uint32Array(gridOf(plan).words);
  for (const size of [0.1, 0.5, 0.6, 7]) {
    added(
      sum,
      chain.encode(weightsOf(Float32Array.of(size, 0, 0, 0), 10), {
        model: zeros(4),
        key: bytes(size),
        private: { rotation: ROTATION, noise: bytes(size), clip: 0.5 },
      }),
    );
  }
  const found = chain.decode(new Uint8Array(sum.buffer), 4, { rotation: ROTATION, clip: 0.5 });
  assert.ok(Math.abs(found["clip/below"]?.data[0] ?? NaN) < 0.05, "two of four are");
  assert.ok(Math.abs((found["w"]?.data[0] ?? NaN) - 1.6) < 0.01, "0.1, and three of 0.5");
});

Deno.test("private chain: what is not finite, missing or of another length is refused, named", async () => {
  using core = createAggregateCore(await inlineModule("aggregate"));
  const plan = planOf(3, { mechanism: { kind: "skellam", shares: 2 } });
  const chain = createUpdateChain(core, plan);
  const options = {
    model: zeros(3),
    key: bytes(1),
    private: { rotation: ROTATION, noise: bytes(1) },
  };
  const refused: [Contribution, string, RegExp][] = [
    [
      weightsOf(Float32Array.of(0, NaN, 0)),
      "update-not-finite",
      /"w": its value at index 1 is NaN/,
    ],
    [weightsOf(Float32Array.of(0, 0, 0), 1, Infinity), "update-not-finite", /"metrics\/loss"/],
    [
      { ...weightsOf(Float32Array.of(0, 0, 0)), weights: {} } as Contribution,
      "update-misshapen",
      /weights "w" of the model are missing/,
    ],
    [
      { ...weightsOf(Float32Array.of(0, 0, 0)), metrics: { other: 1 } } as Contribution,
      "update-misshapen",
      /metric "loss" is missing/,
    ],
  ];
  for (const [contribution, code, message] of refused) {
    assert.throws(() => chain.encode(contribution, options), { code, message });
  }
  const contribution = weightsOf(new Float32Array(3));
  const { private: _, ...bare } = options;
  assert.throws(() => chain.encode(contribution, bare), /expected a rotation and noise/);
  assert.throws(
    () => chain.encode(contribution, { ...options, into: new Uint8Array(4) }),
    /Cannot encode into 4 bytes: the plan's parcels have 64/,
  );
  const sum = new Uint8Array(64);
  assert.throws(() => chain.decode(sum, 1), /expected a rotation/);
  assert.throws(() => chain.decode(sum, 0, { rotation: ROTATION }), /a sum of 0 updates/);
  assert.throws(() => chain.decode(sum, 65, { rotation: ROTATION }), /a sum of 65 updates/);
  assert.throws(
    () => chain.decode(new Uint8Array(60), 1, { rotation: ROTATION }),
    /a sum of 60 bytes: the plan's have 64/,
  );
  assert.throws(() => chain.sent(sum, contribution), /it is blurred/);
});
