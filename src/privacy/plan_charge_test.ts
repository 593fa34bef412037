import assert from "node:assert/strict";
import fc from "fast-check";
import type { PrivacyMechanism, PrivacyPlan } from "../wire/privacy_plan.ts";
import { sensitivity } from "./blt.ts";
import { chooseBlt } from "./choose_blt.ts";
import { gaussianEpsilon } from "./gaussian.ts";
import { type NoisyGrid, noisyGrid } from "./noisy_grid.ts";
import { chargesOf, planSpend } from "./plan_charge.ts";
import { spentEpsilon } from "./spend.ts";

function planOf(mechanism: PrivacyMechanism): { privacy: PrivacyPlan; grid: NoisyGrid } {
  const privacy = {
    ...{ epsilon: 4, delta: 1e-6, clip: 1, noise: 4, extras: 0.25, scale: 512 },
    mechanism,
  };
  const tensors = [{ name: "w", shape: [1000], range: 1 }];
  return { privacy, grid: noisyGrid({ tensors, limit: 2 ** 20, maxClients: 100, privacy }) };
}

const near = (found: number, expected: number) =>
  assert.ok(Math.abs(found / expected - 1) < 1e-9, `${found}, expected ${expected}`);

Deno.test("plan charge: ftrl is one release, of the noise over how far a client moves all rounds", () => {
  const schema = { separation: 5, participations: 4 };
  const { privacy, grid } = planOf({
    ...{ kind: "ftrl", ...schema },
    ...chooseBlt({ rounds: 20, ...schema }),
  });
  for (const sums of [1, 4, 20]) {
    const moved = sensitivity(privacy.mechanism as never, { rounds: sums, ...schema });
    const expected = gaussianEpsilon(grid.stddev / (grid.l2 * moved), 1e-6);
    near(planSpend(privacy, grid, { sums, rate: 1 }), expected);
    // No sampling makes it less: nobody promised any.
    near(planSpend(privacy, grid, { sums, rate: 0.1 }), expected);
  }
  assert.equal(planSpend(privacy, grid, { sums: 0, rate: 1 }), 0);
});

Deno.test("plan charge: ftrl without correlation costs what gaussian noise does, of as many rounds as a client is in", () => {
  const ftrl = planOf({
    ...{ kind: "ftrl", decay: [0.5], weight: [0] },
    ...{ separation: 3, participations: 7 },
  });
  const gaussian = planOf({ kind: "gaussian" });
  for (const [sums, participations] of [[1, 1], [3, 1], [4, 2], [30, 7]] as const) {
    near(
      planSpend(ftrl.privacy, ftrl.grid, { sums, rate: 1 }),
      planSpend(gaussian.privacy, gaussian.grid, { sums: participations, rate: 1 }),
    );
  }
});

Deno.test("plan charge: no round makes a run cheaper, under any mechanism", () => {
  const schema = { separation: 4, participations: 3 };
  const mechanisms: PrivacyMechanism[] = [
    { kind: "skellam", shares: 50 },
    { kind: "gaussian" },
    { kind: "ftrl", ...schema, ...chooseBlt({ rounds: 15, ...schema }) },
  ];
  for (const mechanism of mechanisms) {
    const { privacy, grid } = planOf(mechanism);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30 }), (sums) => {
        const spent = (sums: number) => planSpend(privacy, grid, { sums, rate: 1 });
        assert.ok(spent(sums) <= spent(sums + 1));
      }),
      { numRuns: 10 },
    );
  }
});

Deno.test("plan charge: gaussian rounds on samples cost what the sampled mechanism does", () => {
  const { privacy, grid } = planOf({ kind: "gaussian" });
  const mechanism = { kind: "gaussian", noise: grid.stddev / grid.l2, rate: 0.1 } as const;
  const sampled = planSpend(privacy, grid, { sums: 20, rate: 0.1 });
  near(sampled, spentEpsilon([{ mechanism, rounds: 20 }], 1e-6));
  assert.ok(sampled < 0.5 * planSpend(privacy, grid, { sums: 20, rate: 1 }));
});

Deno.test("plan charge: an ε beyond all exponents costs the root's noise nothing, and the clients' all of δ", () => {
  const spent = (mechanism: PrivacyMechanism) => {
    const { privacy, grid } = planOf(mechanism);
    return planSpend({ ...privacy, epsilon: 1000 }, grid, { sums: 1, rate: 1 });
  };
  assert.ok(spent({ kind: "gaussian" }) < 4);
  assert.equal(spent({ kind: "skellam", shares: 50 }), Infinity);
});

Deno.test("plan charge: the charges of skellam name the grid's own norms", () => {
  const { privacy, grid } = planOf({ kind: "skellam", shares: 50 });
  const { stddev, l1, l2 } = grid;
  assert.deepEqual(chargesOf(privacy, grid, { sums: 3, rate: 0.5 }), [
    { mechanism: { kind: "skellam", stddev, l1, l2, rate: 0.5 }, rounds: 3 },
  ]);
});
