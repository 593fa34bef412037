import assert from "node:assert/strict";
import { isTributaryError } from "../core/errors.ts";
import { isRefused, strategyOf, tensor } from "./_testing.ts";
import { fedAvg } from "./fedavg.ts";
import { FLOWER_MODEL, testAgainstFlower } from "./flower_cases_test.ts";

testAgainstFlower({
  flower: "FedAvg",
  cases: 3,
  tolerance: 2e-6,
  options: () => fedAvg({ range: 4 }),
});

Deno.test("fedavg: a client of twice the weight counts twice", () => {
  const { model } = strategyOf(fedAvg()).step({
    model: { x: tensor(1, 10) },
    state: {},
    // Changes of 3 and 6 at weights 1 and 0.5: the mean is (3 + 3) / 1.5.
    sums: { x: tensor(6, 0), "clients/weight": tensor(1.5) },
    clients: 2,
    round: 1,
  });
  assert.deepEqual(model, { x: tensor(5, 10) });
});

Deno.test("fedavg: lr takes that share of the mean change", () => {
  const { model } = strategyOf(fedAvg({ lr: 0.5 })).step({
    model: { x: tensor(1) },
    state: {},
    sums: { x: tensor(8), "clients/weight": tensor(2) },
    clients: 2,
    round: 1,
  });
  assert.deepEqual(model, { x: tensor(3) });
});

Deno.test("fedavg: asks for the change of each tensor, and the weight", () => {
  assert.deepEqual(strategyOf(fedAvg({ range: 0.25 })).sums(FLOWER_MODEL), [
    { name: "w", shape: [2, 3], range: 0.25 },
    { name: "b", shape: [3], range: 0.25 },
    { name: "clients/weight", shape: [1], range: 1 },
  ]);
});

Deno.test("fedavg: refuses a model whose tensor is called like the weight", () => {
  assert.throws(
    () => strategyOf(fedAvg()).sums([{ name: "clients/weight", shape: [2] }]),
    (error) =>
      isTributaryError(error, "task-refused") && /tensor "clients\/weight"/.test(error.message),
  );
});

Deno.test("fedavg: without any weight there is no mean, and no next model", () => {
  const step = () =>
    strategyOf(fedAvg()).step({
      model: { x: tensor(1) },
      state: {},
      sums: { x: tensor(0), "clients/weight": tensor(0) },
      clients: 2,
      round: 1,
    });
  assert.throws(step, (error) => isTributaryError(error, "model-invalid"));
});

Deno.test("fedavg: a step leaves its input as it was", () => {
  const model = { x: tensor(1, 2) };
  const sums = { x: tensor(4, 4), "clients/weight": tensor(1) };
  strategyOf(fedAvg()).step({ model, state: {}, sums, clients: 1, round: 1 });
  assert.deepEqual([model.x, sums.x], [tensor(1, 2), tensor(4, 4)]);
});

Deno.test("fedavg: refuses what is not a positive finite number, and unknown options", () => {
  assert.deepEqual(fedAvg({ lr: 2 }), { kind: "fedavg", lr: 2, range: 1 });
  assert.equal(isRefused(fedAvg({ lr: 2 })), false);
  for (const wrong of [{ lr: 0 }, { lr: NaN }, { range: Infinity }, { range: "1" }, { rate: 1 }]) {
    assert.equal(isRefused({ ...fedAvg(), ...wrong }), true);
  }
});
