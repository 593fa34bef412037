import assert from "node:assert/strict";
import * as fc from "fast-check";
import { isTributaryError } from "../core/errors.ts";
import type { WeightsContribution } from "../core/trainer.ts";
import { playAll, type Quadratic, quadraticTrainer } from "./_rounds_testing.ts";
import { isRefused, strategyOf, tensor } from "./_testing.ts";
import { fedAvg } from "./fedavg.ts";
import { fedNova } from "./fednova.ts";
import { strategyPlan } from "./registry.ts";
import type { StrategyOptions } from "./registry.ts";

/** Two who want 0 and 1 equally much, of whom one takes ten times as many steps. */
const UNEVEN: readonly Quadratic[] = [
  { target: [0], steps: 2, rate: 0.01 },
  { target: [1], steps: 20, rate: 0.01 },
];

async function settled(options: StrategyOptions, clients: readonly Quadratic[]): Promise<number> {
  const trainers = clients.map(quadraticTrainer);
  const { published } = await playAll({
    ...{ options, model: { x: tensor(0) }, trainers, rounds: 300, weightCap: 10 },
  });
  return published.x!.data[0]!;
}

Deno.test("fednova: fedavg settles where clients of many steps want it, fednova at the optimum", async () => {
  const clients = UNEVEN.map((client) => ({ ...client, examples: 10 }));
  const [plain, nova] = [await settled(fedAvg(), clients), await settled(fedNova(), clients)];
  // Shares of the way that each goes: 1 − 0.99² and 1 − 0.99²⁰.
  const [few, many] = [1 - 0.99 ** 2, 1 - 0.99 ** 20];
  assert.ok(Math.abs(plain - many / (few + many)) < 1e-3, `${plain}`);
  assert.ok(Math.abs(nova - (many / 20) / (few / 2 + many / 20)) < 1e-3, `${nova}`);
  assert.ok(plain > 0.89 && Math.abs(nova - 0.5) < 0.025);
});

Deno.test("fednova: examples weigh, steps do not", async () => {
  const [one, other] = UNEVEN;
  const clients = [{ ...one!, examples: 9 }, { ...other!, examples: 3 }];
  const nova = await settled(fedNova(), clients);
  assert.ok(Math.abs(nova - 0.25) < 0.02, `${nova}`);
});

Deno.test("fednova: clients of as many steps step as in fedavg", async () => {
  const clients = [{ target: [0, 5] }, { target: [3, -1] }];
  const play = {
    model: { x: tensor(1, 1) },
    trainers: clients.map(quadraticTrainer),
    rounds: 4,
  };
  const nova = (await playAll({ ...play, options: fedNova({ range: 1 }) })).published.x!.data;
  const plain = (await playAll({ ...play, options: fedAvg({ range: 8 }) })).published.x!.data;
  nova.forEach((value, i) => assert.ok(Math.abs(value - plain[i]!) < 1e-5));
});

Deno.test("fednova: with momentum too, a slope is a slope, however many steps went down it", async () => {
  const { client } = strategyPlan(fedNova({ localMomentum: 0.9 }));
  const slope = [0.5, -0.25];
  for (const steps of [1, 3, 40]) {
    // So flat a curve is a slope: the gradient is −curvature·target all the way.
    const trainer = quadraticTrainer({
      ...{ target: slope.map((g) => -g * 1e7), curvature: 1e-7, rate: 0.01 },
      ...{ steps, momentum: 0.9 },
    });
    const model = { x: tensor(0, 0) };
    const contribution = await trainer(model, {
      ...{ round: 1, seed: new Uint8Array(32), signal: new AbortController().signal },
    }) as WeightsContribution;
    const round = await client!.begin({
      ...{ round: 1, version: 0, published: {} },
      state: { get: () => Promise.resolve(undefined), set: () => Promise.resolve() },
    });
    const sent = round.form!(contribution.weights, contribution);
    sent.x!.data.forEach((value, i) => assert.ok(Math.abs(value + 0.01 * slope[i]!) < 1e-6));
  }
});

Deno.test("fednova: lengths of training by hand: 3 steps of momentum ½ are 1 + 1.5 + 1.75", async () => {
  const { client } = strategyPlan(fedNova({ localMomentum: 0.5 }));
  const round = await client!.begin({
    ...{ round: 1, version: 0, published: {} },
    state: { get: () => Promise.resolve(undefined), set: () => Promise.resolve() },
  });
  const sent = round.form!({ x: tensor(8.5) }, { weights: {}, examples: 1, steps: 3 });
  assert.deepEqual(sent, { x: tensor(2), "clients/length": tensor(4.25) });
});

Deno.test("fednova: a client that took no step sends zeros", async () => {
  const round = await strategyPlan(fedNova()).client!.begin({
    ...{ round: 1, version: 0, published: {} },
    state: { get: () => Promise.resolve(undefined), set: () => Promise.resolve() },
  });
  const sent = round.form!({ x: tensor(0) }, { weights: {}, examples: 0, steps: 0 });
  assert.deepEqual(sent, { x: tensor(0), "clients/length": tensor(0) });
});

Deno.test("fednova: the root multiplies the mean change a step by the mean length", () => {
  const { model, state } = strategyOf(fedNova({ lr: 0.5 })).step({
    model: { x: tensor(1, 0) },
    state: {},
    // Weights 1 and 0.5, lengths 2 and 8: the mean length is 6/1.5, the mean change a step 3/1.5.
    sums: { x: tensor(3, -3), "clients/weight": tensor(1.5), "clients/length": tensor(6) },
    clients: 2,
    round: 1,
  });
  assert.deepEqual([model, state], [{ x: tensor(5, -4) }, {}]);
});

Deno.test("fednova: asks for lengths as long as its options allow", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 500 }),
    fc.double({ min: 0, max: 0.99, noNaN: true }),
    (maxSteps, momentum) => {
      const sums = strategyOf(fedNova({ maxSteps, localMomentum: momentum })).sums([{
        name: "x",
        shape: [2],
      }]);
      assert.deepEqual(sums.map(({ name, range }) => [name, range]).slice(0, 2), [
        ["x", 0.1],
        ["clients/weight", 1],
      ]);
      // ‖a‖₁ = (steps − ρ(1 − ρ^steps)/(1 − ρ)) / (1 − ρ)
      const rest = momentum * (1 - momentum ** maxSteps) / (1 - momentum);
      const longest = (maxSteps - rest) / (1 - momentum);
      const [, , { range }] = sums as [unknown, unknown, { range: number }];
      assert.ok(Math.abs(range - longest) <= 1e-9 * longest);
    },
  ));
});

Deno.test("fednova: a trainer that does not say how many steps it took, or too many, is refused", async () => {
  const round = await strategyPlan(fedNova({ maxSteps: 20 })).client!.begin({
    ...{ round: 1, version: 0, published: {} },
    state: { get: () => Promise.resolve(undefined), set: () => Promise.resolve() },
  });
  for (
    const [steps, found] of [
      [undefined, /its trainer gave steps undefined, expected a whole number, 0 or more, for fedn/],
      [2.5, /gave steps 2\.5/],
      [-1, /gave steps -1/],
      [NaN, /gave steps NaN/],
      [21, /its trainer took 21 steps, expected at most 20/],
    ] as const
  ) {
    const contribution = { weights: {}, examples: 1, ...(steps === undefined ? {} : { steps }) };
    assert.throws(
      () => round.form!({ x: tensor(1) }, contribution),
      (error) => isTributaryError(error, "update-misshapen") && found.test(error.message),
    );
  }
});

Deno.test("fednova: a model with a tensor called like a sum of its own is refused", () => {
  assert.throws(
    () => strategyOf(fedNova()).sums([{ name: "clients/length", shape: [1] }]),
    /tensor "clients\/length"/,
  );
});

Deno.test("fednova: refuses momentum of 1, and steps that are no whole number", () => {
  assert.equal(isRefused(fedNova({ localMomentum: 0.9, maxSteps: 1 })), false);
  for (const wrong of [{ localMomentum: 1 }, { maxSteps: 0 }, { maxSteps: 1.5 }, { range: 0 }]) {
    assert.equal(isRefused({ ...fedNova(), ...wrong }), true);
  }
});
