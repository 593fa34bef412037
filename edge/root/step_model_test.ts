import assert from "node:assert/strict";
import { toHex } from "../../src/core/bytes.ts";
import { webDigest } from "../../src/core/digest.ts";
import { decodeSafetensors } from "../../src/core/safetensors.ts";
import type { Strategy } from "../../src/strategy/strategy.ts";
import { type ChainPlan, createUpdateChain } from "../../src/update/chain.ts";
import { metricTensors } from "../../src/update/metrics.ts";
import { createAggregateCore } from "../../src/wasm/aggregate.ts";
import { inlineModule } from "../../src/wasm/inline.ts";
import { beginModel, type ModelStep, stepModel } from "./step_model.ts";

const core = createAggregateCore(await inlineModule("aggregate"));
const plan: ChainPlan = {
  tensors: [{ name: "w", shape: [2], range: 1 }, ...metricTensors(["hits"])],
  slotBits: 32,
  maxClients: 10,
  clip: null,
  weightCap: null,
};
const chain = createUpdateChain(core, plan);
const model = { w: { shape: [2], data: Float32Array.of(1, 2) } };

/** Adds the sums to the model, and counts its steps. */
const adding: Strategy = {
  kind: "adding",
  sums: (specs) => specs.map((spec) => ({ ...spec, range: 1 })),
  init: () => ({ steps: { shape: [], data: Float32Array.of(0) } }),
  step: ({ model, state, sums, round }) => {
    assert.deepEqual(Object.keys(sums), ["w"]);
    const data = Float32Array.from(model.w?.data ?? [], (x, i) => x + (sums.w?.data[i] ?? NaN));
    const steps = (state.steps?.data[0] ?? NaN) + round;
    return {
      model: { w: { shape: [2], data } },
      state: { steps: { shape: [], data: Float32Array.of(steps) } },
    };
  },
};

/** The parcel of a client that sends sums itself. */
function parcel(w: readonly number[], hits?: number): Uint32Array {
  const bytes = chain.encode({
    kind: "sums",
    sums: { w: { shape: [2], data: Float32Array.from(w) } },
    ...(hits === undefined ? {} : { metrics: { hits } }),
  }, { model, key: new Uint8Array(32) });
  return new Uint32Array(bytes.buffer);
}

function stepOf(...parcels: Uint32Array[]): ModelStep {
  const sum = new Uint32Array(parcels[0]?.length ?? 0);
  for (const words of parcels) words.forEach((word, i) => sum[i] = (sum[i] ?? 0) + word);
  return {
    strategy: adding,
    chain,
    sum: new Uint8Array(sum.buffer),
    clients: parcels.length,
    model,
    state: { steps: { shape: [], data: Float32Array.of(3) } },
    version: 4,
    digest: webDigest,
  };
}

Deno.test("step model: the strategy sees its own sums, the metrics become means of who measured", async () => {
  const next = await stepModel(stepOf(parcel([1, 0], 1), parcel([1, -1], 0), parcel([0, 0])));
  assert.deepEqual([...next.model.w?.data ?? []], [3, 1]);
  assert.deepEqual([...next.state.steps?.data ?? []], [7]);
  assert.deepEqual(next.metrics, { hits: 0.5 });
  assert.deepEqual([...model.w.data], [1, 2]);
});

Deno.test("step model: the file holds the model, and the announcement is the file's", async () => {
  const { info, bytes, model: next } = await stepModel(stepOf(parcel([1, 1])));
  assert.deepEqual(info, {
    version: 4,
    digest: toHex(await webDigest(bytes)),
    bytes: bytes.length,
  });
  assert.deepEqual(decodeSafetensors(bytes).tensors, next);
});

Deno.test("step model: more clients than the plan has room for are refused", async () => {
  const step = { ...stepOf(parcel([1, 1])), clients: 11 };
  await assert.rejects(() => stepModel(step), /sum of 11 updates: expected 1 to 10/);
});

Deno.test("step model: values that are not finite make no model, nor a state for the next step", async () => {
  const step = stepOf(parcel([1, 1]));
  const w = { shape: [2], data: Float32Array.of(3, Infinity) };
  const diverged: Strategy[] = [
    { ...adding, step: ({ state }) => ({ model: { w }, state }) },
    { ...adding, step: ({ model }) => ({ model, state: { m: { ...w } } }) },
    { ...adding, step: ({ model, state }) => ({ model, state: { ...state, "published/c": w } }) },
  ];
  for (const [at, strategy] of diverged.entries()) {
    const name = ["w", "m", "published/c"][at];
    await assert.rejects(stepModel({ ...step, strategy }), {
      code: "model-invalid",
      message:
        `Cannot make model 4: its "${name}" holds Infinity at index 1, expected finite values`,
    });
  }
  const begun = beginModel({ w: { shape: [1], data: Float32Array.of(NaN) } }, {
    strategy: adding,
    digest: webDigest,
  });
  await assert.rejects(begun, { code: "model-invalid", message: /^Cannot make model 0: / });
});
