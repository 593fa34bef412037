/**
 * Logistic regression learned by a thousand clients with little and one-sided data, beside the same
 * model trained on all of it in one place. Both are asked about Adult's official test file.
 *
 * @module
 */
import { deriveSeed } from "../src/core/random.ts";
import { logistic, type LogisticModel, type LogisticSettings } from "../src/models/mod.ts";
import { sgd } from "../src/nn/optimizer_options.ts";
import { simulate } from "../src/sim/mod.ts";
import { fedAdam } from "../src/strategy/mod.ts";
import { defineTask } from "../src/task/mod.ts";
import type { NamedTensors } from "../src/core/tensor.ts";
import { createTrainCore, inlineModule, type TrainCore } from "../src/wasm/mod.ts";
import {
  ADULT_CLIENTS,
  type AdultQuality,
  type AdultWorld,
  clientRows,
  judgeAdult,
  openAdult,
} from "./adult.ts";
import { type Figure, meanAndSpread } from "./figure.ts";

const SPLITS = 3;
const ROUNDS = 60;
const REACH = { auc: 0.905, accuracy: 0.85 } as const;

/** Measures both over several ways to deal out the rows. */
export async function measureAdult(): Promise<Figure[]> {
  using core = createTrainCore(await inlineModule("train"));
  const federated: AdultQuality[] = [];
  const central: AdultQuality[] = [];
  for (let split = 0; split < SPLITS; split++) {
    const world = await openAdult(split);
    federated.push(await learnTogether(core, world, split));
    central.push(await learnCentrally(core, world, split));
  }
  return (["auc", "accuracy"] as const).map((name): Figure => ({
    name: `${name === "auc" ? "AUC" : name} after ${ROUNDS} rounds of ${ADULT_CLIENTS} clients, ` +
      `${SPLITS} splits by Dirichlet 0.3`,
    ...meanAndSpread(federated.map((quality) => quality[name])),
    unit: "",
    reference: {
      name: "trained in one place",
      value: meanAndSpread(central.map((quality) => quality[name])).value,
    },
    goal: { kind: "at least", bound: REACH[name] },
  }));
}

async function learnTogether(
  core: TrainCore,
  world: AdultWorld,
  split: number,
): Promise<AdultQuality> {
  const { width, clients } = world;
  const model = modelOf({ features: width, batchSize: 32, epochs: 1 });
  const task = defineTask({
    ...{ name: "adult", model, strategy: fedAdam({ lr: 0.2 }), metrics: [] },
    update: { weightCap: Math.max(...clients.map((rows) => rows.length)) },
    clients: { min: clients.length, max: clients.length },
    stop: { rounds: ROUNDS },
  });
  const { model: learned } = await simulate(task, {
    clients: clients.map((_, client) => ({ examples: clientRows(world, client) })),
    seed: split,
    workers: navigator.hardwareConcurrency,
  });
  return await judge(core, world, { model, learned });
}

async function learnCentrally(
  core: TrainCore,
  world: AdultWorld,
  split: number,
): Promise<AdultQuality> {
  const model = modelOf({ features: world.width, batchSize: 256, epochs: 30 });
  const seed = await deriveSeed(new Uint8Array(32), "bench/adult/central", split);
  const train = model.trainer({ core, examples: world.train });
  const { signal } = new AbortController();
  const trained = await train(model.initial(seed), { round: 1, seed, signal });
  if (trained.kind === "sums") throw new TypeError("Cannot judge sums: expected weights");
  return await judge(core, world, { model, learned: trained.weights });
}

function modelOf(settings: LogisticSettings): LogisticModel {
  return logistic({ ...settings, optimizer: sgd({ lr: 0.5 }) });
}

async function judge(
  core: TrainCore,
  world: AdultWorld,
  { model, learned }: { readonly model: LogisticModel; readonly learned: NamedTensors },
): Promise<AdultQuality> {
  const scores = await model.predictor(core)(learned, world.test.features);
  return judgeAdult(world, { scores, threshold: 0.5 });
}
