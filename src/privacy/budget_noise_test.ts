import assert from "node:assert/strict";
import { budgetNoise, type NoiseBudget } from "./budget_noise.ts";
import { gaussianNoise } from "./gaussian.ts";

const budget: NoiseBudget = {
  ...{ epsilon: 4, delta: 1e-6, rounds: 30, rate: 1, values: 10_000 },
  schema: { separation: 10, participations: 3 },
};

Deno.test("budget noise: everybody in all rounds, gaussian noise is that of the closed form", () => {
  const { noise, total, epsilon } = budgetNoise("gaussian", budget);
  const expected = gaussianNoise(4, 1e-6) * Math.sqrt(30);
  assert.ok(Math.abs(noise / expected - 1) < 1e-4, `${noise}, ${expected}`);
  assert.ok(Math.abs(total / noise - Math.sqrt(15.5)) < 1e-12);
  assert.ok(epsilon <= 4 && epsilon > 3.999);
});

Deno.test("budget noise: clients' noise is more than the root's, by what its accounting loses", () => {
  for (const rate of [1, 0.1]) {
    const gaussian = budgetNoise("gaussian", { ...budget, rate });
    const skellam = budgetNoise("skellam", { ...budget, rate });
    const ratio = skellam.noise / gaussian.noise;
    assert.ok(ratio > 1 && ratio < (rate === 1 ? 1.15 : 1.6), `${rate}: ${ratio}`);
    assert.ok(skellam.epsilon <= 4 && skellam.epsilon > 3.99, `${skellam.epsilon}`);
  }
});

Deno.test("budget noise: noise that is taken back leaves less in the sum over rounds, though a round has more", () => {
  const schema = { separation: 10, participations: 3 };
  const ftrl = budgetNoise("ftrl", { ...budget, schema });
  // Three participations instead of thirty, for those who come every tenth round.
  const fresh = gaussianNoise(4, 1e-6) * Math.sqrt(3);
  assert.ok(ftrl.noise > fresh);
  assert.ok(ftrl.total < 0.56 * fresh * Math.sqrt(15.5), `${ftrl.total}`);
});

Deno.test("budget noise: a budget that nothing meets is refused", () => {
  assert.throws(() => budgetNoise("gaussian", { ...budget, epsilon: 0 }), {
    name: "RangeError",
    message: /an epsilon of 0/,
  });
});
