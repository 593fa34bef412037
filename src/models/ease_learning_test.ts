import assert from "node:assert/strict";
import { sharedData } from "../../tests/shared_data.ts";
import { seededRng } from "../core/random.ts";
import { type NamedTensors, zeros } from "../core/tensor.ts";
import type { SumsContribution } from "../core/trainer.ts";
import {
  generate,
  heldOutCases,
  type Interactions,
  keepPopular,
  leaveOneOut,
  popularityScores,
  readMovieLensCsv,
  SYNTHETIC_SHAPES,
} from "../data/mod.ts";
import { evaluateLeaveOneOut, type LeaveOneOutReport } from "../metrics/mod.ts";
import { strategyFrom } from "../strategy/registry.ts";
import { createTrainCore, inlineModule } from "../wasm/mod.ts";
import { triangleLength } from "../wasm/train_linear.ts";
import { ease } from "./ease.ts";
import { easeCentral } from "./ease_central.ts";

const module = await inlineModule("train");
const SEED = new Uint8Array(32).fill(5);
const state = { get: () => Promise.resolve(undefined), set: () => Promise.resolve() };

/** The weights `B` of all items by Gaussian elimination in float64, on the full matrices. */
function centralWeights(
  people: readonly Uint32Array[],
  items: number,
  reg: number,
): Float64Array[] {
  const rows = Array.from({ length: items }, (_, i) => {
    const row = new Float64Array(2 * items);
    row[i] = reg;
    row[items + i] = 1;
    return row;
  });
  for (const own of people) {
    for (const i of own) for (const j of own) rows[i]![j]! += 1;
  }
  for (let k = 0; k < items; k++) {
    const pivot = rows[k]!;
    const factor = 1 / pivot[k]!;
    // Left of column k nothing is left, right of `items + k` nothing is there yet.
    for (let j = k; j <= items + k; j++) pivot[j]! *= factor;
    for (let i = 0; i < items; i++) {
      const share = rows[i]![k]!;
      if (i === k || share === 0) continue;
      const row = rows[i]!;
      for (let j = k; j <= items + k; j++) row[j]! -= share * pivot[j]!;
    }
  }
  return rows.map((row, i) =>
    Float64Array.from(
      { length: items },
      (_, j) => i === j ? 0 : -row[items + j]! / rows[j]![items + j]!,
    )
  );
}

interface Compared {
  readonly federated: LeaveOneOutReport;
  readonly central: LeaveOneOutReport;
  readonly popularity: LeaveOneOutReport;
  /** Largest difference of two scores. */
  readonly largest: number;
}

/** One federated round and the central solution on the same split. */
async function compare(data: Interactions, reg: number): Promise<Compared> {
  using core = createTrainCore(module);
  const split = leaveOneOut(data);
  const cases = await heldOutCases(split, { seed: SEED });
  const items = split.train.items.length;
  const people = split.train.histories.map((history) => history.items);
  const model = ease({ items, reg });
  const signal = new AbortController().signal;
  const first = model.initial(SEED);
  const pairs = zeros([triangleLength(items)]);
  for (const own of people) {
    const trainer = model.trainer({ core, examples: { items: own }, state });
    const { sums } = await trainer(first, { round: 1, seed: SEED, signal }) as SumsContribution;
    sums["pairs"]!.data.forEach((value, at) => pairs.data[at]! += value);
  }
  const next: NamedTensors = strategyFrom(model.strategy, core).step({
    ...{ model: first, state: {}, sums: { pairs }, clients: people.length, round: 1 },
  }).model;

  // The central solver adds up in one place and has the very same bits, as sums of ones are exact.
  assert.deepEqual(easeCentral(core, { model, people }), next);
  const weights = centralWeights(people, items, reg);
  let largest = 0;
  const federated = new Map<number, Float32Array>();
  const central = new Map<number, Float32Array>();
  for (const { person, train } of cases) {
    const device = { core, examples: { items: train }, state };
    const scores = await model.scorer(device)(next);
    const wanted = new Float64Array(items);
    for (const i of train) weights[i]!.forEach((weight, j) => wanted[j]! += weight);
    for (const item of train) wanted[item] = -Infinity;
    scores.forEach((score, item) => {
      if (score !== wanted[item]) largest = Math.max(largest, Math.abs(score - wanted[item]!));
    });
    federated.set(person, scores);
    central.set(person, Float32Array.from(wanted));
  }
  const popular = popularityScores(split.train);
  return {
    federated: evaluateLeaveOneOut((person) => federated.get(person)!, { cases, items }),
    central: evaluateLeaveOneOut((person) => central.get(person)!, { cases, items }),
    popularity: evaluateLeaveOneOut(() => popular, { cases, items }),
    largest,
  };
}

Deno.test("ease: one federated round is the central solution, and learns an invented world's taste", async () => {
  const { interactions } = generate(SYNTHETIC_SHAPES.medium, seededRng(SEED));
  const { federated, central, popularity, largest } = await compare(interactions, 20);
  assert.ok(largest < 1e-5, `scores differ by ${largest}`);
  assert.deepEqual(federated, central);
  assert.ok(federated.hitRate > 0.7, `HR@10 is ${federated.hitRate}`);
  assert.ok(federated.hitRate > popularity.hitRate + 0.3);
});

const [RATINGS, MOVIES] = ["ratings", "movies"].map((name) =>
  sharedData(`movielens-latest-small/${name}.csv`)
) as [ReturnType<typeof sharedData>, ReturnType<typeof sharedData>];

Deno.test({
  name:
    "ease: on the 400 films that most people rated, the federated round is the central solution",
  ignore: RATINGS.ignore,
  async fn() {
    const films = readMovieLensCsv({ ratings: RATINGS.read(), movies: MOVIES.read() });
    const { federated, central, popularity, largest } = await compare(
      keepPopular(films, { items: 400 }),
      200,
    );
    assert.ok(largest < 1e-5, `scores differ by ${largest}`);
    assert.deepEqual(federated, central);
    assert.ok(federated.ndcg > popularity.ndcg + 0.05);
  },
});
