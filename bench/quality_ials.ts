/**
 * Quality of federated implicit ALS on MovieLens latest-small, in the integers that 610 clients
 * leave in 19-bit slots, beside popularity and ALS with all data in one place.
 *
 *     deno run -A bench/quality_ials.ts [seeds] [newton,newton16,exact,central]
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { argv, exit } from "node:process";
import { deriveSeed } from "../src/core/random.ts";
import { type NamedTensors, tensorOf } from "../src/core/tensor.ts";
import { heldOutCases, leaveOneOut, popularityScores, readMovieLensCsv } from "../src/data/mod.ts";
import type { HeldOutCase } from "../src/data/mod.ts";
import { evaluateLeaveOneOut } from "../src/metrics/mod.ts";
import { ials, type IalsModel } from "../src/models/ials.ts";
import { ialsCentral } from "../src/models/ials_central.ts";
import { alsExact, alsExactStrategy } from "../src/strategy/als_exact.ts";
import { alsNewton, alsNewtonStrategy } from "../src/strategy/als_newton.ts";
import type { Strategy } from "../src/strategy/strategy.ts";
import { bitsPerValue, createUpdateChain } from "../src/update/mod.ts";
import { createAggregateCore, createTrainCore, inlineModule } from "../src/wasm/mod.ts";

const SLOT_BITS = 19;
const DATA = new URL("../../shared/data/movielens-latest-small/ratings.csv", import.meta.url);
/** What can be asked for by name. */
const PARTS = ["newton", "newton16", "exact", "central"];

/** HR@10 and NDCG@10. */
interface Quality {
  readonly hr: number;
  readonly ndcg: number;
}

const train = createTrainCore(await inlineModule("train"));
const aggregate = createAggregateCore(await inlineModule("aggregate"));

/** What each seed found, by the name of the row. */
const found = new Map<string, Quality[]>();
/** Milliseconds spent and how often, by what they were spent on. */
const spent = new Map<string, { ms: number; times: number }>();

function note(row: string, quality: Quality): void {
  found.set(row, [...found.get(row) ?? [], quality]);
  console.log(`${row.padEnd(40)} ${quality.hr.toFixed(4)} ${quality.ndcg.toFixed(4)}`);
}

async function timed<T>(what: string, work: () => T | Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  const { ms, times } = spent.get(what) ?? { ms: 0, times: 0 };
  spent.set(what, { ms: ms + performance.now() - start, times: times + 1 });
  return result;
}

/** The quality of a model for people whose vectors are solved from their training items. */
async function judge(model: IalsModel, tensors: NamedTensors, cases: readonly HeldOutCase[]) {
  const scores = new Map<number, Float32Array>();
  for (const { person, train: items } of cases) {
    const state = { get: () => Promise.resolve(undefined), set: () => Promise.resolve() };
    scores.set(person, await model.scorer({ core: train, examples: { items }, state })(tensors));
  }
  return judgeScores((person) => scores.get(person) ?? [], cases, model.options.items);
}

function judgeScores(
  score: (person: number) => ArrayLike<number>,
  cases: readonly HeldOutCase[],
  items: number,
): Quality {
  const report = evaluateLeaveOneOut(score, { cases, items });
  return { hr: report.hitRate, ndcg: report.ndcg };
}

/** Trains in rounds, every client in each, and notes the quality after those in `show`. */
async function federate(
  name: string,
  { model, strategy, cases, seed, show }: {
    model: IalsModel;
    strategy: Strategy;
    cases: readonly HeldOutCase[];
    seed: Uint8Array;
    show: readonly number[];
  },
): Promise<void> {
  const plan = {
    tensors: strategy.sums(model.tensors),
    slotBits: SLOT_BITS,
    maxClients: cases.length,
    clip: null,
    weightCap: null,
  };
  const chain = createUpdateChain(aggregate, plan);
  const row = `${name}, ${bitsPerValue(plan)} bits`;
  const state = { get: () => Promise.resolve(undefined), set: () => Promise.resolve() };
  const signal = new AbortController().signal;
  let tensors: NamedTensors = model.initial(await deriveSeed(seed, "initial"));
  for (let round = 1; round <= Math.max(...show); round++) {
    let sum: Uint32Array<ArrayBuffer> | undefined;
    for (const { person, train: items } of cases) {
      const trainer = model.trainer({ core: train, examples: { items }, state });
      const own = await deriveSeed(seed, "client", person, round);
      const contribution = await timed(
        `${name}: a client's step`,
        () => trainer(tensors, { round, seed: own, signal }),
      );
      const parcel = await timed(
        `${name}: a client's parcel`,
        () => chain.encode(contribution, { model: tensors, key: own }),
      );
      const words = new Uint32Array(parcel.buffer);
      if (sum === undefined) sum = words;
      else for (let i = 0; i < words.length; i++) sum[i] = (sum[i] ?? 0) + (words[i] ?? 0);
    }
    const sums = chain.decode(new Uint8Array(sum?.buffer ?? new ArrayBuffer()), cases.length);
    const input = { model: tensors, state: {}, sums, clients: cases.length, round };
    tensors = (await timed(`${name}: the server's step`, () => strategy.step(input))).model;
    if (show.includes(round)) {
      note(`${row}, after ${round}`, await judge(model, tensors, cases));
    }
  }
}

const seeds = Number(argv[2] ?? 3);
const parts = argv[3]?.split(",") ?? PARTS;
const bytes = await readFile(DATA).catch(() => {
  console.error(`Cannot find ${DATA.pathname}`);
  exit(1);
});
const split = leaveOneOut(readMovieLensCsv({ ratings: { name: "ratings.csv", bytes } }));
const items = split.train.items.length;
for (let run = 1; run <= seeds; run++) {
  const seed = await deriveSeed(new Uint8Array(32), "bench/quality-ials", run);
  const cases = await heldOutCases(split, { seed });
  console.log(`seed ${run}: ${cases.length} people, ${items} items`);
  const popularity = popularityScores(split.train);
  note("popularity", judgeScores(() => popularity, cases, items));
  if (parts.includes("newton")) {
    await federate("quasi-Newton, d 32", {
      model: ials({ items, dim: 32 }),
      strategy: alsNewtonStrategy(alsNewton(), train),
      cases,
      seed,
      show: [1, 2, 3, 5, 10, 20],
    });
  }
  if (parts.includes("newton16")) {
    await federate("quasi-Newton, d 16", {
      model: ials({ items, dim: 16 }),
      strategy: alsNewtonStrategy(alsNewton(), train),
      cases,
      seed,
      show: [1, 2, 3, 5, 10, 20],
    });
  }
  const exact = ials({ items, dim: 32, form: "exact" });
  if (parts.includes("exact")) {
    const strategy = alsExactStrategy(alsExact(), train);
    await federate("exact, d 32", { model: exact, strategy, cases, seed, show: [1, 2, 3, 5] });
  }
  if (parts.includes("central")) {
    const people = cases.map((one) => one.train);
    const first = tensorOf(exact.initial(await deriveSeed(seed, "initial")), "items");
    let table = first.data;
    for (let sweep = 1; sweep <= 10; sweep++) {
      table = await timed(
        "central, d 32: a sweep",
        () => ialsCentral(train, { options: exact.options, people, table, sweeps: 1 }),
      );
      if (![1, 2, 3, 5, 10].includes(sweep)) continue;
      const tensors = { items: { shape: first.shape, data: table } };
      note(`central, d 32, after ${sweep}`, await judge(exact, tensors, cases));
    }
  }
}

const spread = (values: readonly number[]): string => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return `${mean.toFixed(3)} (${Math.min(...values).toFixed(3)}–${Math.max(...values).toFixed(3)})`;
};
console.log(
  `\nmean of ${seeds} seeds (lowest–highest)`.padEnd(44) + "HR@10                NDCG@10",
);
for (const [row, list] of found) {
  const cells = [list.map((one) => one.hr), list.map((one) => one.ndcg)].map(spread);
  console.log(`${row.padEnd(42)} ${cells.join("  ")}`);
}
/** Mean over the seeds, of the row whose name begins so. */
function mean(start: string, figure: keyof Quality): number | undefined {
  const list = [...found].find(([row]) => row.startsWith(start) && row.endsWith(" after 5"))?.[1];
  return list && list.reduce((sum, one) => sum + one[figure], 0) / list.length;
}
for (const figure of ["hr", "ndcg"] as const) {
  const [exact, central] = [mean("exact", figure), mean("central", figure)];
  if (exact === undefined || central === undefined) continue;
  const name = figure === "hr" ? "HR@10" : "NDCG@10";
  console.log(`exact − central, ${name} after 5: ${(exact - central).toFixed(4)} (reach ±0.005)`);
}

console.log("\nmilliseconds, mean");
for (const [what, { ms, times }] of spent) {
  console.log(`${what.padEnd(42)} ${(ms / times).toFixed(2)}`);
}
