import assert from "node:assert/strict";
import fc from "fast-check";
import type { PrivacyPlan } from "../wire/privacy_plan.ts";
import { blockFor, noisyGrid, type NoisyPlan, scaleFor, wordsFor } from "./noisy_grid.ts";
import { roundedNorms } from "./skellam.ts";
import { logSkellamTail } from "./skellam_table.ts";

const PRIVACY: PrivacyPlan = {
  ...{ epsilon: 4, delta: 1e-6, clip: 2, noise: 1.5, extras: 0.25, scale: 300 },
  mechanism: { kind: "skellam", shares: 50 },
};
const PLAN: NoisyPlan = {
  tensors: [
    { name: "w", shape: [40, 25], range: 1 },
    { name: "b", shape: [1], range: 1 },
    { name: "clients/weight", shape: [1], range: 1 },
    { name: "metrics/evaluated", shape: [1], range: 1 },
    { name: "metrics/loss", shape: [1], range: 10 },
  ],
  limit: 2 ** 17 - 1,
  maxClients: 100,
  privacy: PRIVACY,
};

Deno.test("noisy grid: blocks are powers of two from 16 to 4096 whose padding costs little", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 1 << 24 }), (values) => {
    const block = blockFor(values);
    assert.ok(Number.isInteger(Math.log2(block)) && block >= 16 && block <= 4096);
    const words = wordsFor(values);
    assert.ok(words % block === 0 && words >= values);
    assert.ok(words - values <= Math.max(1024, values / 16), `${values} in blocks of ${block}`);
  }));
  assert.deepEqual([1, 100, 5000, 1e6].map(blockFor), [16, 128, 1024, 4096]);
});

Deno.test("noisy grid: weight and metrics at their ranges are together as long as the plan says", () => {
  const { factors, sensitivity, values, words, block } = noisyGrid(PLAN);
  const longest = PLAN.tensors.flatMap(({ name, range }) => {
    const factor = factors.get(name);
    return factor === undefined ? [] : [factor * range];
  });
  assert.equal(longest.length, 3);
  assert.ok(Math.abs(Math.hypot(...longest) - 0.25) < 1e-15);
  assert.equal(sensitivity, Math.sqrt(1 + 0.25 ** 2));
  assert.deepEqual({ values, words, block }, { values: 1004, words: 1024, block: 1024 });
});

Deno.test("noisy grid: norms are those of a rounded vector, the noise is of the sum, a share of it each", () => {
  const grid = noisyGrid(PLAN);
  const clip = 300 * grid.sensitivity;
  assert.deepEqual(
    { l1: grid.l1, l2: grid.l2 },
    roundedNorms({ clip, dim: 1024, beta: 1e-6 }),
  );
  assert.equal(grid.stddev, 450);
  assert.equal(50 * grid.share, 450 ** 2);
  assert.equal(grid.most + grid.signal, PLAN.limit);
});

Deno.test("noisy grid: the bit of an adaptive bound moves a sum by half its factor", () => {
  const adaptiveClip = { quantile: 0.5, rate: 0.2, countNoise: 30 };
  const tensors = [...PLAN.tensors, { name: "clip/below", shape: [1], range: 0.5 }];
  const privacy = { ...PRIVACY, adaptiveClip };
  const { factors, sensitivity } = noisyGrid({ ...PLAN, tensors, privacy });
  assert.equal(factors.get("clip/below"), 1.5 / 30);
  assert.ok(Math.abs(sensitivity - Math.hypot(1, 0.25, 0.025)) < 1e-15);
  // Andrew et al., theorem 1: over the bit and the update together as much noise as is charged.
  const together = (1.5 ** -2 + (2 * 30) ** -2) ** -0.5;
  assert.ok(Math.abs(1.5 / Math.hypot(1, 0.025) - together) < 1e-12);
});

Deno.test("noisy grid: where the root adds the noise, clients add none", () => {
  const grid = noisyGrid({ ...PLAN, privacy: { ...PRIVACY, mechanism: { kind: "gaussian" } } });
  const { share, most, stddev, distance } = grid;
  assert.deepEqual({ share, most, stddev, distance }, {
    ...{ share: 0, most: 0, stddev: 450, distance: 0 },
  });
});

Deno.test("noisy grid: of noise that is accepted, that of a whole sum leaves its slots once in 2^80", () => {
  const tails = fc.record({
    scale: fc.double({ min: 1, max: 1e5, noNaN: true }),
    noise: fc.double({ min: 0.1, max: 50, noNaN: true }),
    maxClients: fc.integer({ min: 50, max: 65_000 }),
  });
  let accepted = 0;
  fc.assert(fc.property(tails, ({ scale, noise, maxClients }) => {
    let grid;
    try {
      grid = noisyGrid({ ...PLAN, maxClients, privacy: { ...PRIVACY, scale, noise } });
    } catch (error) {
      assert.ok(error instanceof Error && /expected/.test(error.message));
      return;
    }
    accepted++;
    const { words, most, share, signal } = grid;
    assert.ok(signal + most <= PLAN.limit);
    const leaves = words * maxClients * Math.exp(logSkellamTail(most + 1, share));
    assert.ok(leaves <= 2 ** -80 * (1 + 1e-9), `${leaves}`);
  }));
  assert.ok(accepted > 10);
});

Deno.test("noisy grid: what noise may be off by is nothing beside any delta, even of a million values", () => {
  assert.ok(noisyGrid(PLAN).distance < 2 ** -75);
  const tensors = [{ name: "w", shape: [1 << 20], range: 1 }];
  const privacy: PrivacyPlan = {
    ...{ ...PRIVACY, scale: 5000 },
    mechanism: { kind: "skellam", shares: 1000 },
  };
  const { distance, share } = noisyGrid({ ...PLAN, tensors, maxClients: 2000, privacy });
  assert.ok(Math.sqrt(share) > 200 && distance < 2 ** -60, `${Math.log2(distance)}`);
});

Deno.test("noisy grid: updates and noise that do not fit are refused with the numbers", () => {
  const refused: [Partial<NoisyPlan>, Partial<PrivacyPlan>, RegExp][] = [
    [{ limit: 60 }, {}, /its values take up to \d+, expected fewer than the 60/],
    [
      { limit: 450 },
      {},
      /noise of standard deviation 63.6 of 100 clients: a slot has room for \d+/,
    ],
    [
      { limit: 2 ** 24 - 1 },
      { noise: 5000 },
      /Cannot draw noise of a standard deviation of 212000 steps|a slot has room/,
    ],
  ];
  for (const [plan, privacy, message] of refused) {
    assert.throws(
      () => noisyGrid({ ...PLAN, ...plan, privacy: { ...PRIVACY, ...privacy } }),
      { code: "task-refused", message },
    );
  }
});

Deno.test("noisy grid: the scale at which rounding costs a hundredth, and no less", () => {
  for (const words of [16, 1024, 1 << 20]) {
    const scale = scaleFor(words, 1.01);
    const cost = (clip: number) => roundedNorms({ clip, dim: words, beta: 1e-6 }).l2 / clip;
    assert.ok(cost(scale) <= 1.01 && cost(0.999 * scale) > 1.01, `${words}: ${scale}`);
  }
});
