import assert from "node:assert/strict";
import { isTributaryError } from "../core/errors.ts";
import type { Contribution } from "../core/trainer.ts";
import { metricMeans, metricsStep, metricTensors } from "./metrics.ts";
import type { UpdatePlan } from "./plan.ts";

const PLAN: UpdatePlan = {
  tensors: [{ name: "w", shape: [1], range: 1 }, ...metricTensors(["hr@10", "ndcg@10"])],
  slotBits: 19,
  maxClients: 610,
};
const UPDATE = { w: { shape: [1], data: Float32Array.of(0.5) } };

Deno.test("metrics: each has a scalar tensor, after one that counts who measured", () => {
  assert.deepEqual(metricTensors(["loss"], 20), [
    { name: "metrics/evaluated", shape: [1], range: 1 },
    { name: "metrics/loss", shape: [1], range: 20 },
  ]);
  assert.deepEqual(metricTensors([]), []);
});

Deno.test("metrics: what a plan asks for is added to the update, what else was measured is not", () => {
  assert.deepEqual(scalars({ "hr@10": 1, "ndcg@10": 0.5, secret: 3 }), {
    w: 0.5,
    "metrics/evaluated": 1,
    "metrics/hr@10": 1,
    "metrics/ndcg@10": 0.5,
  });
});

Deno.test("metrics: a client that did not measure counts as none", () => {
  assert.deepEqual(scalars(undefined), {
    w: 0.5,
    "metrics/evaluated": 0,
    "metrics/hr@10": 0,
    "metrics/ndcg@10": 0,
  });
});

Deno.test("metrics: one that the plan asks for and nobody measured is refused by name", () => {
  for (const metrics of [{ "hr@10": 1 }, {}]) {
    assert.throws(() => scalars(metrics), (error) => {
      assert.ok(isTributaryError(error, "update-misshapen"));
      return /metric "(ndcg|hr)@10" is missing/.test(error.message);
    });
  }
});

Deno.test("metrics: means are over the clients that measured", () => {
  const sums = {
    w: { shape: [1], data: Float32Array.of(9) },
    "metrics/evaluated": { shape: [1], data: Float32Array.of(4) },
    "metrics/hr@10": { shape: [1], data: Float32Array.of(3) },
  };
  assert.deepEqual(metricMeans(sums), { "hr@10": 0.75 });
  const none = { shape: [1], data: Float32Array.of(0) };
  assert.deepEqual(metricMeans({ ...sums, "metrics/evaluated": none }), {});
  assert.deepEqual(metricMeans({}), {});
});

function scalars(metrics: Record<string, number> | undefined): Record<string, number> {
  const contribution: Contribution = {
    weights: {},
    examples: 1,
    ...(metrics === undefined ? {} : { metrics }),
  };
  const sent = metricsStep(PLAN).send(UPDATE, { contribution, key: new Uint8Array(32) });
  return Object.fromEntries(Object.entries(sent).map(([name, { data }]) => [name, data[0]!]));
}
