import assert from "node:assert/strict";
import * as fc from "fast-check";
import { isRefused, strategyOf, tensor } from "./_testing.ts";
import { FLOWER_MODEL, testAgainstFlower } from "./flower_cases_test.ts";
import { fedYogi } from "./fedyogi.ts";

testAgainstFlower({
  flower: "FedYogi",
  cases: 2,
  tolerance: 5e-6,
  options: ({ eta, beta_1, beta_2, tau }) =>
    fedYogi({ lr: eta!, beta1: beta_1!, beta2: beta_2!, epsilon: tau!, range: 4 }),
});

Deno.test("fedyogi: the second moment goes up below the square of the change, and down above it", () => {
  const strategy = strategyOf(fedYogi({ lr: 0.5, beta1: 0.5, beta2: 0.75, epsilon: 1 }));
  const next = strategy.step({
    model: { x: tensor(0, 0, 0) },
    state: { "m/x": tensor(0, 0, 0), "v/x": tensor(0, 4, 9) },
    sums: { x: tensor(4, 4, 4), "clients/weight": tensor(2) },
    clients: 2,
    round: 1,
  });
  // Mean change 2, square 4: 0 → 0.25·4, 4 stays, 9 → 9 − 1.
  assert.deepEqual(next.state, { "m/x": tensor(1, 1, 1), "v/x": tensor(1, 4, 8) });
  const x = (v: number) => 0.5 / (Math.sqrt(v) + 1);
  assert.deepEqual(next.model, { x: tensor(x(1), x(4), x(8)) });
});

Deno.test("fedyogi: the second moment is never below 0, and moves by no more than the square", () => {
  const strategy = strategyOf(fedYogi());
  fc.assert(fc.property(
    fc.float({ min: 0, max: 100, noNaN: true }),
    fc.float({ min: -10, max: 10, noNaN: true }),
    (old, change) => {
      const { state } = strategy.step({
        model: { x: tensor(0) },
        state: { "m/x": tensor(0), "v/x": tensor(old) },
        sums: { x: tensor(change), "clients/weight": tensor(1) },
        clients: 1,
        round: 1,
      });
      const moved = state["v/x"]!.data[0]!;
      assert.ok(moved >= 0);
      assert.ok(Math.abs(moved - old) <= 0.0100001 * change * change + 1e-5);
    },
  ));
});

Deno.test("fedyogi: a rate of any round is the same: nothing is corrected for the beginning", () => {
  const strategy = strategyOf(fedYogi());
  const input = {
    model: { x: tensor(1, -2) },
    state: { "m/x": tensor(0.1, 0.2), "v/x": tensor(0.01, 0.02) },
    sums: { x: tensor(1, 2), "clients/weight": tensor(2) },
    clients: 3,
  };
  assert.deepEqual(
    strategy.step({ ...input, round: 1 }),
    strategy.step({ ...input, round: 400 }),
  );
});

Deno.test("fedyogi: asks for the change of each tensor, and the weight", () => {
  assert.deepEqual(strategyOf(fedYogi({ range: 3 })).sums(FLOWER_MODEL), [
    { name: "w", shape: [2, 3], range: 3 },
    { name: "b", shape: [3], range: 3 },
    { name: "clients/weight", shape: [1], range: 1 },
  ]);
});

Deno.test("fedyogi: keeps the betas in [0, 1)", () => {
  assert.equal(isRefused(fedYogi({ beta1: 0 })), false);
  for (const wrong of [{ beta1: 1 }, { beta2: -0.1 }, { epsilon: 0 }, { lr: -1 }]) {
    assert.equal(isRefused({ ...fedYogi(), ...wrong }), true);
  }
});
