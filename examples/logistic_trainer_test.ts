import assert from "node:assert/strict";
import { deriveSeed, seededRng } from "../src/core/random.ts";
import { tensors } from "../src/models/mod.ts";
import { fedAdam, strategyFrom } from "../src/strategy/mod.ts";
import { checkTask, defineTask } from "../src/task/mod.ts";
import { createUpdateChain, metricMeans } from "../src/update/mod.ts";
import { createAggregateCore, createTrainCore, inlineModule } from "../src/wasm/mod.ts";
import { logisticTrainer } from "./logistic_trainer.ts";
import type { Example } from "./logistic_trainer.ts";

const SEED = new Uint8Array(32).fill(4);

/** Examples of one client, whose features lie around a place of its own. */
async function draw(client: number): Promise<Example[]> {
  const rng = seededRng(await deriveSeed(SEED, client));
  return Array.from({ length: 20 + 10 * client }, () => {
    const features = [rng.normal() + client / 4, rng.normal(), rng.normal()];
    const logit = 4 * features[0]! - 4 * features[1]! - 2;
    return { features, label: rng.uniform() < 1 / (1 + Math.exp(-logit)) ? 1 : 0 };
  });
}

Deno.test("logistic trainer: a step goes the way of its examples and leaves the model as it was", async () => {
  const model = {
    slopes: { shape: [2], data: Float32Array.of(0, 0) },
    intercept: { shape: [1], data: Float32Array.of(0) },
  };
  const trainer = logisticTrainer([{ features: [2, -4], label: 1 }], 0.5);
  const context = { round: 1, seed: SEED, signal: new AbortController().signal };
  assert.deepEqual(await trainer(model, context), {
    weights: {
      slopes: { shape: [2], data: Float32Array.of(0.5, -1) },
      intercept: { shape: [1], data: Float32Array.of(0.25) },
    },
    examples: 1,
    metrics: { accuracy: 0 },
  });
  assert.deepEqual(model.slopes.data, Float32Array.of(0, 0));
});

Deno.test("logistic trainer: five clients learn together what tells their examples apart", async () => {
  using core = createTrainCore(await inlineModule("train"));
  using aggregate = createAggregateCore(await inlineModule("aggregate"));
  const task = defineTask({
    name: "risk",
    model: tensors({ tensors: { slopes: [3], intercept: [1] }, metrics: ["accuracy"] }),
    strategy: fedAdam({ lr: 0.3 }),
    update: { clip: 2, weightCap: 50 },
    clients: { min: 5, max: 5 },
    stop: { rounds: 20 },
  });
  const { model, plan } = checkTask(task);
  const strategy = strategyFrom(task.strategy, core);
  const chain = createUpdateChain(aggregate, plan);
  const trainers = (await Promise.all([0, 1, 2, 3, 4].map(draw))).map((one) =>
    logisticTrainer(one)
  );
  let current = model.initial(SEED);
  let state = strategy.init(current);
  const accuracies: number[] = [];
  for (let round = 1; round <= 20; round++) {
    const sum = new Uint32Array(plan.tensors.length + 2);
    for (const [client, trainer] of trainers.entries()) {
      const seed = await deriveSeed(SEED, client, round);
      const signal = new AbortController().signal;
      const contribution = await trainer(current, { round, seed, signal });
      const parcel = chain.encode(contribution, { model: current, key: seed });
      new Uint32Array(parcel.buffer).forEach((word, i) => sum[i]! += word);
    }
    const sums = chain.decode(new Uint8Array(sum.buffer), trainers.length);
    accuracies.push(metricMeans(sums).accuracy!);
    ({ model: current, state } = strategy.step({ model: current, state, sums, clients: 5, round }));
  }
  assert.ok(accuracies.at(-1)! > 0.85, `accuracy ${accuracies}`);
  const [first, second, third] = current.slopes!.data;
  assert.ok(first! > 1 && second! < -1 && Math.abs(third!) < 0.5, `slopes ${current.slopes!.data}`);
});
