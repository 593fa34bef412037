import assert from "node:assert/strict";
import { playAll, quadraticTrainer } from "./_rounds_testing.ts";
import { isRefused, strategyOf, tensor } from "./_testing.ts";
import { fedAvg } from "./fedavg.ts";
import { fedProx } from "./fedprox.ts";
import { aggregationCases, assertClose, IGNORE, replay } from "./flower_cases_test.ts";

Deno.test({
  name: "fedprox: at the root equals Flower's over three rounds of weighted replies",
  ignore: IGNORE,
  async fn() {
    const cases = aggregationCases("FedProx");
    assert.equal(cases.length, 1);
    for (const flower of cases) {
      const options = fedProx({ mu: flower.hyper.proximal_mu!, range: 4 });
      const models = await replay(options, flower);
      flower.rounds.forEach((round, i) => assertClose(models[i], round.global_after, 2e-6));
    }
  },
});

const start = { x: tensor(0, 4) };
const target = [8, 0];
/** Where one client takes the model in one round of as many steps as it needs. */
const settled = async (mu: number): Promise<Float32Array> => {
  const trainers = [quadraticTrainer({ target, curvature: 2, steps: 200 })];
  const { published } = await playAll({
    ...{ options: fedProx({ mu, range: 16 }), model: start, trainers, rounds: 1 },
  });
  return published.x!.data;
};

Deno.test("fedprox: clients settle between their own optimum and the model, weighed by μ", async () => {
  // The minimum of 2/2·(x − b)² + μ/2·(x − x₀)² is (2b + μ·x₀) / (2 + μ).
  for (const mu of [0, 1, 6]) {
    const found = await settled(mu);
    target.forEach((b, i) => {
      const expected = (2 * b + mu * start.x.data[i]!) / (2 + mu);
      assert.ok(Math.abs(found[i]! - expected) < 1e-5, `${mu}: ${found[i]}, expected ${expected}`);
    });
  }
});

Deno.test("fedprox: without a pull it is fedavg, bit for bit", async () => {
  const play = { model: start, trainers: [quadraticTrainer({ target })], rounds: 3 };
  const prox = await playAll({ ...play, options: fedProx({ mu: 0, range: 8 }) });
  const plain = await playAll({ ...play, options: fedAvg({ range: 8 }) });
  assert.deepEqual(prox.published, plain.published);
});

Deno.test("fedprox: with many local steps it settles nearer the joint optimum than fedavg", async () => {
  const clients = [{ target: [0], curvature: 1 }, { target: [1], curvature: 9 }];
  const trainers = clients.map((client) => quadraticTrainer({ ...client, steps: 50 }));
  const play = { model: { x: tensor(0) }, trainers, rounds: 60 };
  const off = async (options: ReturnType<typeof fedProx> | ReturnType<typeof fedAvg>) =>
    Math.abs((await playAll({ ...play, options })).published.x!.data[0]! - 0.9);
  const [plain, prox] = [await off(fedAvg()), await off(fedProx({ mu: 9 }))];
  // Fedavg's clients all but reach their own optima, whose mean is 0.5.
  assert.ok(plain > 0.39, `${plain}`);
  assert.ok(prox < 0.6 * plain, `${prox}, ${plain}`);
});

Deno.test("fedprox: a trainer that never reads the correction is refused", async () => {
  const deaf = () => Promise.resolve({ weights: start, examples: 1 });
  await assert.rejects(
    playAll({ options: fedProx(), model: start, trainers: [deaf], rounds: 1 }),
    /^TributaryError: Cannot send the update: its trainer never read context\.correction/,
  );
});

Deno.test("fedprox: asks for the change of each tensor, and the weight", () => {
  assert.deepEqual(strategyOf(fedProx({ range: 3 })).sums([{ name: "w", shape: [2] }]), [
    { name: "w", shape: [2], range: 3 },
    { name: "clients/weight", shape: [1], range: 1 },
  ]);
});

Deno.test("fedprox: refuses a pull away from the model", () => {
  assert.equal(isRefused(fedProx({ mu: 0 })), false);
  for (const wrong of [{ mu: -0.1 }, { mu: Infinity }, { lr: 0 }, { range: "1" }]) {
    assert.equal(isRefused({ ...fedProx(), ...wrong }), true);
  }
});
