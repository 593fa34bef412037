/**
 * Quality of federated matrix factorisation on MovieLens latest-small, in the integers that 610
 * clients leave in 19-bit slots, beside what one person alone and one party with everything get.
 *
 *     deno run -A bench/quality_mf.ts [seeds] [rounds]
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { argv, exit } from "node:process";
import { deriveSeed } from "../src/core/random.ts";
import type { NamedTensors } from "../src/core/tensor.ts";
import type { DeviceState } from "../src/core/trainer.ts";
import { heldOutCases, leaveOneOut, popularityScores, readMovieLensCsv } from "../src/data/mod.ts";
import type { HeldOutCase } from "../src/data/mod.ts";
import { evaluateLeaveOneOut } from "../src/metrics/mod.ts";
import { centralMf } from "../src/models/mf_central.ts";
import { localMf } from "../src/models/mf_local.ts";
import { mf } from "../src/models/mf.ts";
import type { MfModel } from "../src/models/mf.ts";
import { rowwise, rowwiseStrategy } from "../src/strategy/rowwise.ts";
import { bitsPerValue, createUpdateChain, metricMeans, metricTensors } from "../src/update/mod.ts";
import { createAggregateCore, createTrainCore, inlineModule } from "../src/wasm/mod.ts";

const SLOT_BITS = 19;
const DATA = new URL("../../shared/data/movielens-latest-small/ratings.csv", import.meta.url);

/** HR@10 and NDCG@10. */
interface Quality {
  readonly hr: number;
  readonly ndcg: number;
}

const train = createTrainCore(await inlineModule("train"));
const aggregate = createAggregateCore(await inlineModule("aggregate"));

/** What each seed found, by the name of the row. */
const found = new Map<string, Quality[]>();

function note(row: string, quality: Quality): void {
  found.set(row, [...found.get(row) ?? [], quality]);
  console.log(`${row.padEnd(44)} ${quality.hr.toFixed(3)} ${quality.ndcg.toFixed(3)}`);
}

function memoryState(): DeviceState {
  const values = new Map<string, Uint8Array>();
  return {
    get: (key) => Promise.resolve(values.get(key)),
    set: (key, value) => Promise.resolve(void values.set(key, value)),
  };
}

/** Trains in rounds, and notes the quality of the model that round 11, 21, … receives. */
async function federate(
  name: string,
  { model, cases, seed, rounds }: {
    model: MfModel;
    cases: readonly HeldOutCase[];
    seed: Uint8Array;
    rounds: number;
  },
): Promise<void> {
  const strategy = rowwiseStrategy(rowwise());
  const metrics = ["hr@10", "ndcg@10"];
  const plan = {
    tensors: [...strategy.sums(model.tensors), ...metricTensors(metrics)],
    slotBits: SLOT_BITS,
    maxClients: cases.length,
    clip: null,
    weightCap: null,
  };
  const chain = createUpdateChain(aggregate, plan);
  const trainers = cases.map(({ train: items, test, negatives }) =>
    model.trainer({
      core: train,
      state: memoryState(),
      examples: {
        items,
        evaluation: { target: test, negatives },
      },
    })
  );
  let tensors: NamedTensors = model.initial(await deriveSeed(seed, "initial"));
  for (let round = 1; round <= rounds + 1; round++) {
    let sum: Uint32Array<ArrayBuffer> | undefined;
    for (const [person, trainer] of trainers.entries()) {
      const own = await deriveSeed(seed, "client", person, round);
      const signal = new AbortController().signal;
      const contribution = await trainer(tensors, { round, seed: own, signal });
      const key = await deriveSeed(own, "key");
      const parcel = chain.encode(contribution, { model: tensors, key });
      const words = new Uint32Array(parcel.buffer);
      if (sum === undefined) sum = words;
      else for (let i = 0; i < words.length; i++) sum[i] = (sum[i] ?? 0) + (words[i] ?? 0);
    }
    const sums = chain.decode(new Uint8Array(sum?.buffer ?? new ArrayBuffer()), trainers.length);
    const means = metricMeans(sums);
    if ((round - 1) % 10 === 0 && round > 1) {
      note(`${name}, ${bitsPerValue(plan)} bits, after ${round - 1} rounds`, {
        hr: means["hr@10"] ?? NaN,
        ndcg: means["ndcg@10"] ?? NaN,
      });
    }
    const input = { model: tensors, state: {}, sums, clients: trainers.length, round };
    tensors = strategy.step(input).model;
  }
}

function judge(
  score: (person: number) => ArrayLike<number>,
  cases: readonly HeldOutCase[],
  items: number,
): Quality {
  const report = evaluateLeaveOneOut(score, { cases, items });
  return { hr: report.hitRate, ndcg: report.ndcg };
}

const [seeds = 3, rounds = 30] = argv.slice(2).map(Number);
const bytes = await readFile(DATA).catch(() => {
  console.error(`Cannot find ${DATA.pathname}`);
  exit(1);
});
const split = leaveOneOut(readMovieLensCsv({ ratings: { name: "ratings.csv", bytes } }));
const items = split.train.items.length;
for (let run = 1; run <= seeds; run++) {
  const seed = await deriveSeed(new Uint8Array(32), "bench/quality-mf", run);
  const cases = await heldOutCases(split, { seed });
  const people = cases.map((one) => one.train);
  console.log(`seed ${run}: ${cases.length} people, ${items} items`);
  const popularity = popularityScores(split.train);
  note("popularity", judge(() => popularity, cases, items));
  const logistic = mf({ items, dim: 32 });
  const initial = logistic.initial(seed);
  const scores = new Map<number, Float32Array>();
  for (const { person, train: own } of cases) {
    const alone = await deriveSeed(seed, "alone", person);
    scores.set(person, await localMf(logistic, { core: train, items: own, initial, seed: alone }));
  }
  note("local only", judge((person) => scores.get(person) ?? [], cases, items));
  const central = await centralMf(logistic, { core: train, people, seed });
  note("central logistic", judge(central, cases, items));
  await federate("federated logistic", { model: logistic, cases, seed, rounds });
  const bpr = mf({ items, dim: 32, loss: "bpr" });
  await federate("federated BPR", { model: bpr, cases, seed, rounds });
}

console.log(
  `\nmean of ${seeds} seeds (lowest–highest)${" ".repeat(11)}HR@10                NDCG@10`,
);
for (const [row, list] of found) {
  const cells = (["hr", "ndcg"] as const).map((key) => {
    const values = list.map((quality) => quality[key]);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return `${mean.toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)})`;
  });
  console.log(`${row.padEnd(44)} ${cells.join("  ")}`);
}
