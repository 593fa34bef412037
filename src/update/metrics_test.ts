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

Deno.test("metrics: whether an update was clipped is told by the chain, whatever a trainer says", () => {
  const plan = { ...PLAN, tensors: metricTensors(["hr@10", "clipped"]) };
  const metrics = { "hr@10": 0.5, clipped: 0.25 };
  const names = ["evaluated", "hr@10", "clipped"];
  const told = (isClipped?: boolean) => scalars(metrics, { plan, isClipped });
  const expected = (...values: number[]) => ({
    w: 0.5,
    ...Object.fromEntries(names.map((name, at) => [`metrics/${name}`, values[at]])),
  });
  assert.deepEqual(told(true), expected(1, 0.5, 1));
  assert.deepEqual(told(false), expected(1, 0.5, 0));
  // Without a bound a trainer may have a metric of the name.
  assert.deepEqual(told(), expected(1, 0.5, 0.25));
  assert.deepEqual(scalars(undefined, { plan, isClipped: true }), expected(0, 0, 0));
});

Deno.test("metrics: where nothing else is asked for, every client tells whether it was clipped", () => {
  const plan = { ...PLAN, tensors: metricTensors(["clipped"]) };
  assert.deepEqual(scalars(undefined, { plan, isClipped: true }), {
    w: 0.5,
    "metrics/evaluated": 1,
    "metrics/clipped": 1,
  });
});

function scalars(
  metrics: Record<string, number> | undefined,
  { plan = PLAN, isClipped }: { plan?: UpdatePlan; isClipped?: boolean | undefined } = {},
): Record<string, number> {
  const contribution: Contribution = {
    weights: {},
    examples: 1,
    ...(metrics === undefined ? {} : { metrics }),
  };
  const sent = metricsStep(plan).send(UPDATE, {
    contribution,
    key: new Uint8Array(32),
    ...(isClipped === undefined ? {} : { isClipped }),
  });
  return Object.fromEntries(Object.entries(sent).map(([name, { data }]) => [name, data[0]!]));
}
