import assert from "node:assert/strict";
import { seededRng } from "../src/core/random.ts";
import { logistic, type TableExamples } from "../src/models/mod.ts";
import { fedAvg, fedProx, qFedAvg, scaffold } from "../src/strategy/mod.ts";
import type { StrategyOptions } from "../src/strategy/mod.ts";
import { simulate } from "../src/sim/mod.ts";
import { defineTask } from "../src/task/mod.ts";

const FEATURES = 4;

/** Six clients of 20 to 70 rows, whose features and labels have little to do with each other's. */
const CLIENTS: readonly TableExamples[] = ((): TableExamples[] => {
  const rng = seededRng(new Uint8Array(32).fill(4));
  return Array.from({ length: 6 }, (_, client) => {
    const rows = 20 + 10 * client;
    const features = new Float32Array(rows * FEATURES);
    const labels = Float32Array.from({ length: rows }, (_, row) => {
      let logit = 0;
      for (let at = 0; at < FEATURES; at++) {
        const spread = at % 3 === client % 3 ? 3 : 0.3;
        const x = rng.normal() * spread + (client % 2 === 1 ? 1 : -1);
        features[row * FEATURES + at] = x;
        logit += x * ((at + client) % 2 === 1 ? 1 : -0.5);
      }
      return rng.uniform() < 1 / (1 + Math.exp(-logit)) ? 1 : 0;
    });
    return { kind: "table", features, labels };
  });
})();

/** Slopes, then the intercept. */
type Weights = readonly number[];

/** Log loss of a client's rows, added up, and its gradient. */
function lossOf({ features, labels }: TableExamples, weights: Weights) {
  const gradient = weights.map(() => 0);
  let sum = 0;
  labels.forEach((label, row) => {
    const x = [...features.subarray(row * FEATURES, (row + 1) * FEATURES), 1];
    const logit = x.reduce((total, value, at) => total + value * weights[at]!, 0);
    sum += Math.log1p(Math.exp(-Math.abs(logit))) + Math.max(logit, 0) - label * logit;
    const slope = 1 / (1 + Math.exp(-logit)) - label;
    x.forEach((value, at) => gradient[at]! += slope * value);
  });
  return { sum, gradient, mean: sum / labels.length };
}

const ROWS = CLIENTS.reduce((sum, { labels }) => sum + labels.length, 0);

/** The least mean loss over all rows that any weights have, by gradient descent in one place. */
const LEAST = ((): number => {
  let weights: Weights = Array(FEATURES + 1).fill(0);
  for (let step = 0; step < 3000; step++) {
    const gradients = CLIENTS.map((client) => lossOf(client, weights).gradient);
    weights = weights.map((value, at) =>
      value - 0.3 * gradients.reduce((sum, gradient) => sum + gradient[at]!, 0) / ROWS
    );
  }
  return CLIENTS.reduce((sum, client) => sum + lossOf(client, weights).sum, 0) / ROWS;
})();

/** How far above the least loss a strategy's model ends, and the highest loss of a client. */
async function learn(strategy: StrategyOptions): Promise<{ above: number; worst: number }> {
  const task = defineTask({
    name: "drift",
    model: logistic({
      ...{ features: FEATURES, epochs: 40, batchSize: 100 },
      optimizer: { kind: "sgd", lr: 0.05, momentum: 0, nesterov: false, decay: 0 },
    }),
    ...{ strategy, metrics: [] },
    update: { slotBits: 32, weightCap: 100 },
    clients: { min: 6, max: 6 },
    stop: { rounds: 50 },
  });
  const { model } = await simulate(task, { clients: CLIENTS.map((examples) => ({ examples })) });
  const weights = [...model["weight"]!.data, ...model["bias"]!.data];
  const losses = CLIENTS.map((client) => lossOf(client, weights));
  const mean = losses.reduce((sum, loss) => sum + loss.sum, 0) / ROWS;
  return { above: mean - LEAST, worst: Math.max(...losses.map((loss) => loss.mean)) };
}

Deno.test("strategies: of clients who differ much, scaffold alone learns what one place would", async () => {
  const [averaged, held, corrected] = [
    await learn(fedAvg({ range: 4 })),
    await learn(fedProx({ mu: 1, range: 4 })),
    await learn(scaffold({ population: 6, range: 4, controlRange: 4 })),
  ];
  assert.ok(averaged.above > 0.015, `fedavg: ${averaged.above}`);
  assert.ok(held.above < 0.8 * averaged.above, `fedprox: ${held.above}`);
  assert.ok(Math.abs(corrected.above) < 1e-4, `scaffold: ${corrected.above}`);
});

Deno.test("strategies: qfedavg serves the client whom fedavg serves worst", async () => {
  const averaged = await learn(fedAvg({ range: 4 }));
  const fair = await learn(qFedAvg({ q: 1, norm: 4, range: 4 }));
  assert.ok(fair.worst < 0.8 * averaged.worst, `${fair.worst}, ${averaged.worst}`);
});
