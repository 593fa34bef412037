import assert from "node:assert/strict";
import { isRefused, strategyOf, tensor } from "./_testing.ts";
import { fedAdam } from "./fedadam.ts";
import { FLOWER_MODEL, testAgainstFlower } from "./flower_cases_test.ts";

testAgainstFlower({
  flower: "FedAdam",
  cases: 2,
  tolerance: 5e-6,
  options: ({ eta, beta_1, beta_2, tau }) =>
    fedAdam({ lr: eta!, beta1: beta_1!, beta2: beta_2!, epsilon: tau!, range: 4 }),
});

Deno.test("fedadam: the first step is the learning rate times the corrected moments' quotient", () => {
  const strategy = strategyOf(fedAdam({ lr: 0.1, beta1: 0.5, beta2: 0.75, epsilon: 0.5 }));
  const model = { x: tensor(1) };
  const next = strategy.step({
    model,
    state: strategy.init(model),
    sums: { x: tensor(8), "clients/weight": tensor(2) },
    clients: 2,
    round: 1,
  });
  // m = 0.5·4, v = 0.25·16, rate = 0.1·√(1 − 0.75²)/(1 − 0.5²).
  const rate = 0.1 * Math.sqrt(0.4375) / 0.75;
  assert.deepEqual(next.state, { "m/x": tensor(2), "v/x": tensor(4) });
  assert.deepEqual(next.model, { x: tensor(1 + rate * 2 / 2.5) });
});

Deno.test("fedadam: its state starts at zero, two tensors for each of the model's", () => {
  const state = strategyOf(fedAdam()).init({ w: tensor(1, 2), b: tensor(3) });
  assert.deepEqual(state, {
    "m/w": tensor(0, 0),
    "v/w": tensor(0, 0),
    "m/b": tensor(0),
    "v/b": tensor(0),
  });
});

Deno.test("fedadam: a step repeated from the same state gives the same bits", () => {
  const strategy = strategyOf(fedAdam());
  const model = { x: tensor(1, -2, 3) };
  const state = { "m/x": tensor(0.1, 0.2, 0.3), "v/x": tensor(0.01, 0.02, 0.03) };
  const input = {
    model,
    state,
    sums: { x: tensor(1, 2, 3), "clients/weight": tensor(2) },
    clients: 3,
  };
  assert.deepEqual(
    strategy.step({ ...input, round: 40 }),
    strategy.step({ ...input, round: 40 }),
  );
  assert.deepEqual(state["m/x"], tensor(0.1, 0.2, 0.3));
});

Deno.test("fedadam: asks for the change of each tensor, and the weight", () => {
  assert.deepEqual(strategyOf(fedAdam({ range: 3 })).sums(FLOWER_MODEL), [
    { name: "w", shape: [2, 3], range: 3 },
    { name: "b", shape: [3], range: 3 },
    { name: "clients/weight", shape: [1], range: 1 },
  ]);
});

Deno.test("fedadam: keeps the betas in [0, 1)", () => {
  assert.equal(isRefused(fedAdam({ beta1: 0 })), false);
  for (const wrong of [{ beta1: 1 }, { beta2: -0.1 }, { epsilon: 0 }, { lr: -1 }]) {
    assert.equal(isRefused({ ...fedAdam(), ...wrong }), true);
  }
});
