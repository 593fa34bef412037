import assert from "node:assert/strict";
import { isRefused, strategyOf, tensor } from "./_testing.ts";
import { fedAvg } from "./fedavg.ts";
import { fedAvgM } from "./fedavgm.ts";
import { FLOWER_MODEL, testAgainstFlower } from "./flower_cases_test.ts";

testAgainstFlower({
  flower: "FedAvgM",
  cases: 3,
  tolerance: 2e-6,
  options: ({ server_learning_rate: lr, server_momentum: momentum }) =>
    fedAvgM({ lr: lr!, momentum: momentum!, range: 4 }),
});

Deno.test("fedavgm: the velocity keeps its share and takes the whole mean change", () => {
  const strategy = strategyOf(fedAvgM({ lr: 0.5, momentum: 0.75 }));
  const next = strategy.step({
    model: { x: tensor(1, -1) },
    state: { "v/x": tensor(4, 8) },
    sums: { x: tensor(6, 0), "clients/weight": tensor(2) },
    clients: 2,
    round: 7,
  });
  // v = 0.75·4 + 6/2 and 0.75·8 + 0.
  assert.deepEqual(next.state, { "v/x": tensor(6, 6) });
  assert.deepEqual(next.model, { x: tensor(4, 2) });
});

Deno.test("fedavgm: without momentum it is fedavg, whatever came before", () => {
  const input = {
    model: { x: tensor(1, 2) },
    sums: { x: tensor(3, -3), "clients/weight": tensor(1.5) },
    clients: 2,
    round: 3,
  };
  const averaged = strategyOf(fedAvg({ lr: 0.5 })).step({ ...input, state: {} });
  const moved = strategyOf(fedAvgM({ lr: 0.5, momentum: 0 }))
    .step({ ...input, state: { "v/x": tensor(50, 60) } });
  assert.deepEqual(moved.model, averaged.model);
});

Deno.test("fedavgm: changes that go on in one direction add up to 1/(1 − momentum) of each", () => {
  const strategy = strategyOf(fedAvgM({ momentum: 0.75 }));
  let model = { x: tensor(0) } as ReturnType<typeof strategy.step>["model"];
  let state = strategy.init(model);
  let before = 0;
  for (let round = 1; round <= 80; round++) {
    before = model.x!.data[0]!;
    const sums = { x: tensor(2), "clients/weight": tensor(2) };
    ({ model, state } = strategy.step({ model, state, sums, clients: 2, round }));
  }
  assert.ok(Math.abs(model.x!.data[0]! - before - 4) < 1e-4);
});

Deno.test("fedavgm: its state starts at zero, one tensor for each of the model's", () => {
  assert.deepEqual(strategyOf(fedAvgM()).init({ w: tensor(1, 2), b: tensor(3) }), {
    "v/w": tensor(0, 0),
    "v/b": tensor(0),
  });
});

Deno.test("fedavgm: asks for the change of each tensor, and the weight", () => {
  assert.deepEqual(strategyOf(fedAvgM({ range: 3 })).sums(FLOWER_MODEL), [
    { name: "w", shape: [2, 3], range: 3 },
    { name: "b", shape: [3], range: 3 },
    { name: "clients/weight", shape: [1], range: 1 },
  ]);
});

Deno.test("fedavgm: keeps the momentum in [0, 1)", () => {
  assert.equal(isRefused(fedAvgM({ momentum: 0 })), false);
  for (const wrong of [{ momentum: 1 }, { momentum: -0.1 }, { lr: 0 }, { beta1: 0.9 }]) {
    assert.equal(isRefused({ ...fedAvgM(), ...wrong }), true);
  }
});
