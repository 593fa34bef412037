import assert from "node:assert/strict";
import { histogram } from "../models/histogram.ts";
import { defineTask } from "../task/mod.ts";
import { isRefused, strategyOf, tensor } from "./_testing.ts";
import { fedAvg } from "./fedavg.ts";
import { strategyPlan } from "./registry.ts";
import { totals } from "./totals.ts";

Deno.test("totals: what is published is the sum, whatever the model was before", () => {
  const strategy = strategyOf(totals());
  assert.deepEqual(strategy.init({ age: tensor(9) }), {});
  const input = {
    model: { age: tensor(9, 9), hours: tensor(9) },
    state: { kept: tensor(4) },
    sums: { age: tensor(3, 0.5), hours: tensor(-2) },
    clients: 3,
    round: 7,
  };
  assert.deepEqual(strategy.step(input), {
    model: { age: tensor(3, 0.5), hours: tensor(-2) },
    state: { kept: tensor(4) },
  });
});

Deno.test("totals: clients send what the model consists of, each value within ±1", () => {
  const { sums, contribution } = strategyPlan(totals());
  assert.equal(contribution, "sums");
  assert.deepEqual(sums([{ name: "age", shape: [5] }, { name: "hours", shape: [2] }]), [
    { name: "age", shape: [5], range: 1 },
    { name: "hours", shape: [2], range: 1 },
  ]);
});

Deno.test("totals: options that it has not are refused, and so are statistics by other strategies", () => {
  assert.ok(isRefused({ kind: "totals", lr: 1 }));
  const definition = {
    name: "ages",
    model: histogram({ fields: { age: [1, 2] } }),
    clients: { min: 2, max: 9 },
    stop: { rounds: 1 },
  };
  assert.throws(
    () => defineTask({ ...definition, strategy: fedAvg() }),
    /Cannot step histogram by fedavg: expected totals/,
  );
  assert.throws(() => defineTask({ ...definition, update: { clip: 1 } }), /Cannot clip or weigh/);
});
