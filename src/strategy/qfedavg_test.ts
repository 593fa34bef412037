import assert from "node:assert/strict";
import * as fc from "fast-check";
import { isTributaryError } from "../core/errors.ts";
import { playAll, quadraticLoss, quadraticTrainer } from "./_rounds_testing.ts";
import { isRefused, strategyOf, tensor } from "./_testing.ts";
import { fedAvg } from "./fedavg.ts";
import { aggregationCases, assertClose, IGNORE, replay } from "./flower_cases_test.ts";
import { qFedAvg, type QFedAvgOptions } from "./qfedavg.ts";
import { strategyPlan } from "./registry.ts";
import type { StrategyOptions } from "./registry.ts";

for (const api of ["serverapp", "legacy"] as const) {
  Deno.test({
    name: `qfedavg: equals Flower's over three rounds of replies, ${api}`,
    ignore: IGNORE,
    async fn() {
      const cases = aggregationCases("QFedAvg").filter((run) => run.api === api);
      assert.equal(cases.length, { serverapp: 4, legacy: 2 }[api]);
      for (const flower of cases) {
        const { q, client_learning_rate: rate, server_loss_per_round: losses } = flower.hyper;
        const options = qFedAvg({
          q: q!,
          rate: rate!,
          norm: 8,
          minLoss: 0.1,
          maxLoss: 4,
          range: 4,
        });
        const replies = { isWeighted: false, ...(losses && { losses }) };
        const models = await replay(options, flower, replies);
        flower.rounds.forEach((round, i) => assertClose(models[i], round.global_after, 1e-5));
      }
    },
  });
}

const CROWD = [{ target: [0] }, { target: [0.2] }, { target: [-0.2] }, { target: [3] }];

/** The highest and the mean loss of the model that four clients settle at. */
async function losses(options: StrategyOptions): Promise<{ worst: number; mean: number }> {
  const trainers = CROWD.map(quadraticTrainer);
  const play = { model: { x: tensor(0) }, trainers, rounds: 400 };
  const { x } = (await playAll({ ...play, options })).published;
  const all = CROWD.map((client) => quadraticLoss(client, x!.data));
  return { worst: Math.max(...all), mean: all.reduce((sum, loss) => sum + loss) / all.length };
}

Deno.test("qfedavg: the more q, the lower the loss of the client who has the highest", async () => {
  const settings = { rate: 0.1, norm: 4, minLoss: 1e-3, maxLoss: 5, range: 4 };
  const plain = await losses(fedAvg({ range: 4 }));
  const [none, some, more] = await Promise.all(
    [0, 1, 5].map((q) => losses(qFedAvg({ ...settings, q }))),
  ) as [typeof plain, typeof plain, typeof plain];
  assert.ok(Math.abs(none.worst - plain.worst) < 1e-4);
  assert.ok(some.worst < 0.8 * plain.worst, `${some.worst}, ${plain.worst}`);
  assert.ok(more.worst < 0.85 * some.worst, `${more.worst}, ${some.worst}`);
  // What the others pay for it.
  assert.ok(plain.mean < some.mean && some.mean < more.mean);
});

/** One client's round. */
const begin = (options: QFedAvgOptions) =>
  strategyPlan(options).client!.begin({
    ...{ round: 1, version: 0, published: {} },
    state: { get: () => Promise.resolve(undefined), set: () => Promise.resolve() },
  });

Deno.test("qfedavg: a client sends F^q·Δ and q·F^(q−1)·‖Δ‖²/rate + F^q", async () => {
  const round = await begin(qFedAvg({ q: 2, rate: 0.5, maxLoss: 10 }));
  const contribution = { weights: {}, examples: 1, loss: 3 };
  const sent = round.form!({ x: tensor(1, 2), y: tensor(-2) }, contribution);
  assert.deepEqual(sent, {
    x: tensor(9, 18),
    y: tensor(-18),
    // 2·3·(1 + 4 + 4)/0.5 + 9
    "clients/curvature": tensor(117),
  });
});

Deno.test("qfedavg: losses out of the range that was agreed on count as its ends", async () => {
  const round = await begin(qFedAvg({ q: 1, minLoss: 0.5, maxLoss: 2 }));
  const form = (loss: number) => round.form!({ x: tensor(1) }, { weights: {}, examples: 1, loss });
  assert.deepEqual(form(0), form(0.5));
  assert.deepEqual(form(70), form(2));
  assert.notDeepEqual(form(1), form(2));
});

Deno.test("qfedavg: what a clipped client sends is within the ranges, at any loss and q", async () => {
  await fc.assert(fc.asyncProperty(
    fc.double({ min: 0, max: 5, noNaN: true }),
    fc.double({ min: 0, max: 100, noNaN: true }),
    fc.tuple(...[0, 1, 2].map(() => fc.float({ min: -1, max: 1, noNaN: true }))),
    async (q, loss, direction) => {
      const options = qFedAvg({ q, norm: 0.5, minLoss: 0.1, maxLoss: 3 });
      const length = Math.hypot(...direction) || 1;
      const change = { x: tensor(...direction.map((value) => 0.5 * value / length)) };
      const round = await begin(options);
      const sent = round.form!(change, { weights: {}, examples: 1, loss });
      for (const { name, range } of strategyOf(options).sums([{ name: "x", shape: [3] }])) {
        if (name === "clients/weight") continue;
        sent[name]!.data.forEach((value) => {
          assert.ok(Math.abs(value) <= range * (1 + 1e-6), `${name}: ${value} beyond ${range}`);
        });
      }
    },
  ));
});

Deno.test("qfedavg: the root divides the changes by the curvatures", () => {
  const { model, state } = strategyOf(qFedAvg()).step({
    model: { x: tensor(1, 2) },
    state: {},
    sums: { x: tensor(3, -6), "clients/weight": tensor(2), "clients/curvature": tensor(1.5) },
    clients: 2,
    round: 1,
  });
  assert.deepEqual([model, state], [{ x: tensor(3, -2) }, {}]);
});

Deno.test("qfedavg: sums without curvature admit no next model", () => {
  const step = () =>
    strategyOf(qFedAvg()).step({
      model: { x: tensor(1) },
      state: {},
      sums: { x: tensor(0), "clients/weight": tensor(0), "clients/curvature": tensor(0) },
      clients: 1,
      round: 1,
    });
  assert.throws(step, (error) => isTributaryError(error, "model-invalid"));
});

Deno.test("qfedavg: a trainer that does not tell the received model's loss is refused", async () => {
  const round = await begin(qFedAvg());
  for (const loss of [undefined, -1, NaN, Infinity]) {
    assert.throws(
      () =>
        round.form!({ x: tensor(1) }, {
          ...{ weights: {}, examples: 1 },
          ...(loss === undefined ? {} : { loss }),
        }),
      (error) =>
        isTributaryError(error, "update-misshapen") &&
        error.message ===
          `Cannot send the update: its trainer gave loss ${loss}, expected a finite number, 0 or more, for qfedavg`,
    );
  }
});

Deno.test("qfedavg: a model with a tensor called like a sum of its own is refused", () => {
  assert.throws(
    () => strategyOf(qFedAvg()).sums([{ name: "clients/curvature", shape: [1] }]),
    /tensor "clients\/curvature"/,
  );
});

Deno.test("qfedavg: refuses q below 0, and losses of which the least is not the least", () => {
  assert.equal(isRefused(qFedAvg({ q: 0 })), false);
  for (const wrong of [{ q: -1 }, { rate: 0 }, { norm: 0 }, { minLoss: 0 }, { minLoss: 2 }]) {
    assert.equal(isRefused({ ...qFedAvg(), ...wrong }), true);
  }
});
