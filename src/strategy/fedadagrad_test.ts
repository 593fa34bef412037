import assert from "node:assert/strict";
import { isRefused, strategyOf, tensor } from "./_testing.ts";
import { fedAdagrad } from "./fedadagrad.ts";
import { FLOWER_MODEL, testAgainstFlower } from "./flower_cases_test.ts";

testAgainstFlower({
  flower: "FedAdagrad",
  cases: 2,
  tolerance: 5e-6,
  options: ({ eta, tau }) => fedAdagrad({ lr: eta!, epsilon: tau!, range: 4 }),
});

Deno.test("fedadagrad: squares add up, and the first moment keeps its share", () => {
  const strategy = strategyOf(fedAdagrad({ lr: 2, beta1: 0.5, epsilon: 1 }));
  const next = strategy.step({
    model: { x: tensor(1) },
    state: { "m/x": tensor(4), "v/x": tensor(5) },
    sums: { x: tensor(4), "clients/weight": tensor(2) },
    clients: 2,
    round: 9,
  });
  // Mean change 2: m = 0.5·4 + 0.5·2, v = 5 + 4.
  assert.deepEqual(next.state, { "m/x": tensor(3), "v/x": tensor(9) });
  assert.deepEqual(next.model, { x: tensor(1 + 2 * 3 / 4) });
});

Deno.test("fedadagrad: steps of equal changes shrink as 1/√rounds", () => {
  const strategy = strategyOf(fedAdagrad({ lr: 1, epsilon: 1e-9 }));
  let model: Parameters<typeof strategy.init>[0] = { x: tensor(0) };
  let state = strategy.init(model);
  for (let round = 1; round <= 16; round++) {
    const before = model.x!.data[0]!;
    const sums = { x: tensor(0.5), "clients/weight": tensor(1) };
    ({ model, state } = strategy.step({ model, state, sums, clients: 1, round }));
    assert.ok(Math.abs(model.x!.data[0]! - before - 1 / Math.sqrt(round)) < 1e-5);
  }
});

Deno.test("fedadagrad: its state starts at zero, two tensors for each of the model's", () => {
  assert.deepEqual(strategyOf(fedAdagrad()).init({ w: tensor(1, 2) }), {
    "m/w": tensor(0, 0),
    "v/w": tensor(0, 0),
  });
});

Deno.test("fedadagrad: asks for the change of each tensor, and the weight", () => {
  assert.deepEqual(strategyOf(fedAdagrad({ range: 3 })).sums(FLOWER_MODEL), [
    { name: "w", shape: [2, 3], range: 3 },
    { name: "b", shape: [3], range: 3 },
    { name: "clients/weight", shape: [1], range: 1 },
  ]);
});

Deno.test("fedadagrad: keeps beta1 in [0, 1)", () => {
  assert.equal(isRefused(fedAdagrad({ beta1: 0.9 })), false);
  for (const wrong of [{ beta1: 1 }, { beta2: 0.9 }, { epsilon: 0 }, { lr: -1 }]) {
    assert.equal(isRefused({ ...fedAdagrad(), ...wrong }), true);
  }
});
