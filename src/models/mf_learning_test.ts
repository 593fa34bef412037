import assert from "node:assert/strict";
import { deriveSeed, seededRng } from "../core/random.ts";
import type { NamedTensors } from "../core/tensor.ts";
import type { DeviceState, SumsContribution } from "../core/trainer.ts";
import { generate, heldOutCases, leaveOneOut, SYNTHETIC_SHAPES } from "../data/mod.ts";
import { evaluateLeaveOneOut } from "../metrics/mod.ts";
import { strategyFrom } from "../strategy/registry.ts";
import { rowwise } from "../strategy/rowwise.ts";
import { createTrainCore, inlineModule } from "../wasm/mod.ts";
import { mf } from "./mf.ts";

const module = await inlineModule("train");
const SEED = new Uint8Array(32).fill(5);

function memoryState(): DeviceState {
  const values = new Map<string, Uint8Array>();
  return {
    get: (key) => Promise.resolve(values.get(key)),
    set: (key, value) => Promise.resolve(void values.set(key, value)),
  };
}

function add(sum: NamedTensors | undefined, { sums }: SumsContribution): NamedTensors {
  if (sum === undefined) return sums;
  for (const [name, { data }] of Object.entries(sums)) {
    data.forEach((x, i) => sum[name]!.data[i]! += x);
  }
  return sum;
}

for (const loss of ["logistic", "bpr"] as const) {
  Deno.test(`mf: people who only send sums learn an invented world's taste, ${loss}`, async () => {
    using core = createTrainCore(module);
    const { interactions } = generate(SYNTHETIC_SHAPES.medium, seededRng(SEED));
    const split = leaveOneOut(interactions);
    const cases = await heldOutCases(split, { seed: SEED });
    const items = split.train.items.length;
    const model = mf({ items, dim: 16, loss });
    const strategy = strategyFrom(rowwise(), core);
    const devices = cases.map(({ train, test, negatives }) => ({
      core,
      state: memoryState(),
      examples: { items: train, evaluation: { target: test, negatives } },
    }));
    const trainers = devices.map((device) => model.trainer(device));
    const signal = new AbortController().signal;
    let tensors = model.initial(SEED);
    for (let round = 1; round <= 20; round++) {
      let sums: NamedTensors | undefined;
      for (const [person, trainer] of trainers.entries()) {
        const seed = await deriveSeed(SEED, person, round);
        sums = add(sums, await trainer(tensors, { round, seed, signal }) as SumsContribution);
      }
      assert.ok(sums);
      const clients = trainers.length;
      tensors = strategy.step({ model: tensors, state: {}, sums, clients, round }).model;
    }
    const scores: Float32Array[] = [];
    for (const device of devices) scores.push(await model.scorer(device)(tensors));
    const { hitRate } = evaluateLeaveOneOut((person) => scores[person]!, { cases, items });
    assert.ok(hitRate > 0.65, `HR@10 is ${hitRate}`);
  });
}
