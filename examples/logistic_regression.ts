/**
 * Five hospitals learn one risk score together, each with training code of its own: a logistic
 * regression that takes part as a function. None of their examples leaves them.
 *
 * `deno run -A examples/logistic_regression.ts`
 *
 * @module
 */
import * as tributary from "../mod.ts";
import { createAggregatorApp } from "../edge/mod.ts";
import { memoryStore } from "../edge/memory/mod.ts";
import { type Example, logisticTrainer } from "./logistic_trainer.ts";

const { defineTask, fedAdam, generateIdentity, inlineModule, join, signTask, strategyFrom } =
  tributary;

/** What came of it. */
export interface LearnedTogether {
  /** Mean accuracy over the clients, of the model that each round began with. */
  readonly accuracies: readonly number[];
  /** The final model's slopes, one a feature. */
  readonly slopes: Float32Array;
}

/**
 * Runs a root in this process and a client for each of `groups`, until the task is finished.
 *
 * @param groups What each client has.
 * @param rounds Rounds to train.
 * @param print  Hears of each round.
 */
export async function learnTogether(
  groups: readonly (readonly Example[])[],
  rounds: number,
  print: (line: string) => void,
): Promise<LearnedTogether> {
  const features = groups[0]?.[0]?.features.length ?? 1;
  const model = tributary.tensors({
    tensors: { slopes: [features], intercept: [1] },
    metrics: ["accuracy"],
  });
  const task = defineTask({
    name: "risk",
    model,
    strategy: fedAdam({ lr: 0.3 }),
    update: { clip: 2, weightCap: 50 },
    clients: { min: groups.length, max: groups.length },
    stop: { rounds },
  });

  const identity = await generateIdentity();
  const core = tributary.createTrainCore(await inlineModule("train"));
  const module = await inlineModule("aggregate");
  const strategy = () => strategyFrom(task.strategy, core);
  const root = createAggregatorApp({ store: memoryStore(), identity, module, strategy });
  await using _root = root.aggregator;
  await root.aggregator.start();
  const signed = await signTask(task, identity);
  await root.aggregator.own({ signed, model: model.initial(new Uint8Array(32)) });

  const own: number[][] = [];
  const models = await Promise.all(groups.map(async (examples) => {
    await using me = await join("http://root", {
      identity: await generateIdentity(),
      trainer: logisticTrainer(examples),
      fetch: async (request) => await root.fetch(request),
    });
    for await (const report of me.rounds()) {
      if (report.kind !== "sent") continue;
      const round = own[report.round - 1] ??= [];
      round.push(report.metrics.accuracy ?? 0);
      if (round.length === groups.length) {
        print(`round ${report.round}: accuracy ${mean(round).toFixed(3)}`);
      }
    }
    return (await me.model()).tensors;
  }));
  return {
    accuracies: own.map(mean),
    slopes: models[0]?.slopes?.data ?? new Float32Array(),
  };
}

/**
 * Examples whose label follows from two of their three features, with some chance; each group's lie
 * around a place of its own.
 */
export function drawExamples(group: number, random: () => number): Example[] {
  return Array.from({ length: 20 + 10 * group }, () => {
    const [a, b, c] = [4 * random() - 2 + group / 4, 4 * random() - 2, 4 * random() - 2] as const;
    const chance = 1 / (1 + Math.exp(-(4 * a - 4 * b - 2)));
    return { features: [a, b, c], label: random() < chance ? 1 : 0 };
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

if (import.meta.main) {
  const groups = [0, 1, 2, 3, 4].map((group) => drawExamples(group, Math.random));
  const { slopes } = await learnTogether(groups, 20, console.log);
  console.log(`slopes ${slopes.join(", ")}`);
}
