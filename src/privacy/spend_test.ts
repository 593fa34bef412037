import assert from "node:assert/strict";
import fc from "fast-check";
import { noiseFor } from "./calibrate.ts";
import { gainKept, noiseShare } from "./noise_share.ts";
import { amplifiedByPoisson } from "./poisson_amplification.ts";
import { renyiEpsilon, spentEpsilon } from "./spend.ts";
import { subsampledGaussianRdp } from "./subsampled_gaussian.ts";

const gaussian = (noise: number, rate: number) => ({ kind: "gaussian", noise, rate }) as const;
const setting = fc.record({
  noise: fc.double({ min: 0.6, max: 10, noNaN: true }),
  rate: fc.double({ min: 0.005, max: 0.5, noNaN: true }),
  rounds: fc.integer({ min: 1, max: 300 }),
});

Deno.test("spend: nothing that ran costs nothing", () => {
  assert.equal(spentEpsilon([], 1e-5), 0);
  assert.equal(spentEpsilon([{ mechanism: gaussian(1, 0.1), rounds: 0 }], 1e-5), 0);
});

Deno.test("spend: loss distributions never say more than Rényi accounting", () => {
  fc.assert(
    fc.property(setting, ({ noise, rate, rounds }) => {
      const charges = [{ mechanism: gaussian(noise, rate), rounds }];
      assert.ok(spentEpsilon(charges, 1e-5) <= renyiEpsilon(charges, 1e-5).epsilon);
    }),
    { numRuns: 20 },
  );
});

Deno.test("spend: more rounds, a larger share of the clients or less noise cost more", () => {
  fc.assert(
    fc.property(setting, ({ noise, rate, rounds }) => {
      const cost = (noise: number, rate: number, rounds: number): number =>
        spentEpsilon([{ mechanism: gaussian(noise, rate), rounds }], 1e-5);
      const base = cost(noise, rate, rounds);
      assert.ok(cost(noise, rate, 2 * rounds) >= base);
      assert.ok(cost(noise, 1.5 * rate, rounds) >= base);
      assert.ok(cost(0.8 * noise, rate, rounds) >= base);
      assert.ok(cost(noise, 1, rounds) >= base);
    }),
    { numRuns: 10 },
  );
});

Deno.test("spend: a finer grid says less, and all grids say enough", () => {
  const charges = [{ mechanism: gaussian(1, 0.1), rounds: 20 }];
  const [fine = 0, ...coarser] = [0.0005, 0.005, 0.05, 0.2]
    .map((step) => spentEpsilon(charges, 1e-5, { step }));
  let before = fine;
  for (const epsilon of coarser) {
    assert.ok(epsilon >= before);
    before = epsilon;
  }
});

Deno.test("spend: Skellam noise beside Gaussian is accounted for by Rényi", () => {
  const skellam = { kind: "skellam", stddev: 2000, l1: 20_000, l2: 1000, rate: 1 } as const;
  const charges = [{ mechanism: skellam, rounds: 5 }, { mechanism: gaussian(2, 1), rounds: 5 }];
  const both = spentEpsilon(charges, 1e-6);
  // Of so fine a grid Skellam is all but Gaussian noise of multiplier 2.
  const gauss = renyiEpsilon([{ mechanism: gaussian(2, 1), rounds: 10 }], 1e-6).epsilon;
  assert.ok(both >= gauss && both < gauss * 1.03, `${both}, ${gauss}`);
});

Deno.test("spend: the general bound of Poisson sampling is above that of the Gaussian itself", () => {
  for (const rate of [0.01, 0.1, 0.5]) {
    const own = subsampledGaussianRdp({ noise: 2, rate });
    const general = amplifiedByPoisson((order) => order / 8, rate);
    for (const order of [2, 3, 8, 32]) {
      assert.ok(own(order) <= general(order) * (1 + 1e-9), `${rate}, ${order}`);
      assert.ok(general(order) <= order / 8);
    }
    assert.equal(general(2.5), Infinity);
  }
});

Deno.test("noise: what a budget asks for meets it, and hardly more", () => {
  const budget = { epsilon: 2, delta: 1e-6, rounds: 50, rate: 0.1 };
  const noise = noiseFor(budget);
  const cost = (noise: number): number =>
    spentEpsilon([{ mechanism: gaussian(noise, 0.1), rounds: 50 }], 1e-6);
  assert.ok(cost(noise) <= 2);
  assert.ok(cost(noise * 0.999) > 2);
});

Deno.test("noise: a budget out of range is refused with what was found", () => {
  const budget = { epsilon: 2, delta: 1e-6, rounds: 50, rate: 0.1 };
  for (
    const [change, message] of [
      [{ epsilon: 0 }, /an epsilon of 0: expected a finite number above 0/],
      [{ epsilon: NaN }, /an epsilon of NaN/],
      [{ delta: 1 }, /a delta of 1: expected a number between 0 and 1/],
      [{ rounds: 2.5 }, /2.5 rounds: expected a whole number, 1 or more/],
      [{ rate: 1.5 }, /a rate of 1.5: expected a number above 0 and up to 1/],
    ] as const
  ) assert.throws(() => noiseFor({ ...budget, ...change }), { name: "RangeError", message });
});

Deno.test("noise: its share falls with the clients and grows with the values", () => {
  const share = { noise: 1, dim: 10_000, clients: 1000 };
  assert.equal(noiseShare(share), 0.1);
  assert.ok(noiseShare({ ...share, clients: 10_000 }) < 0.1);
  assert.ok(noiseShare({ ...share, dim: 1_000_000 }) > 0.1);
});

Deno.test("noise: what is left of the gain is as it was measured, from all of it to none", () => {
  // Shares and gains of docs/PRIVACY.md's table, and of films at ε = 8.
  const measured = [[0.019, 1], [0.035, 0.95], [0.066, 0.82], [0.16, 0.35], [0.19, 0.4], [0.35, 0]];
  for (const [share = NaN, gain = NaN] of measured) {
    assert.ok(Math.abs(gainKept(share) - gain) < 0.12, `${share}: ${gainKept(share)}, ${gain}`);
  }
  assert.equal(gainKept(1.6), 0);
});
