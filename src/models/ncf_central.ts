/**
 * Neural collaborative filtering where one party holds everybody's items: the baseline that federated
 * learning has to match.
 *
 * @module
 */
import { deriveSeed, seededRng } from "../core/random.ts";
import { tensorOf } from "../core/tensor.ts";
import type { NamedTensors } from "../core/tensor.ts";
import { drawTrainingNegatives } from "../data/negatives.ts";
import { adam, type OptimizerOptions } from "../nn/optimizer_options.ts";
import { initialParameters } from "../nn/parameters.ts";
import type { TrainCore } from "../wasm/train.ts";
import { trainLocally } from "./local_training.ts";
import type { NcfModel } from "./ncf.ts";
import { ncfNetwork, PERSON_TABLES, tableSpecs } from "./ncf_network.ts";
import { type LabelledPairs, ncfProblem } from "./ncf_pairs.ts";
import { scoreNcfItems } from "./ncf_scores.ts";

/** How {@link centralNcf} trains. */
export interface CentralNcfOptions {
  /** Kernels and their memory. */
  readonly core: TrainCore;
  /** Each person's items in train. */
  readonly people: readonly Uint32Array[];
  /** 32 bytes: of the first values, the order of pairs and the sampled items. */
  readonly seed: Uint8Array;
  /** Passes over everybody, each with items sampled anew; default 10. */
  readonly epochs?: number;
  /** Pairs of a step; default 1024. */
  readonly batchSize?: number;
  /** How a step changes everything; it starts anew in each epoch. Default Adam with `lr` .003. */
  readonly optimizer?: OptimizerOptions;
}

/**
 * Trains all tables and layers together.
 *
 * @returns Scores of every item for a person, by number; those of train get `-Infinity`.
 */
export async function centralNcf(
  model: NcfModel,
  options: CentralNcfOptions,
): Promise<(person: number) => Promise<Float32Array>> {
  const { core, people, seed, epochs = 10, batchSize = 1024, optimizer = adam({ lr: 0.003 }) } =
    options;
  const { dim } = model.options;
  const network = ncfNetwork(model.options);
  const initial = { kind: "normal", sd: 0.1 } as const;
  const own = tableSpecs(PERSON_TABLES, { rows: people.length, dim, initial });
  const parameters = [...network.shared, ...own];
  const { signal } = new AbortController();
  let tensors: NamedTensors = {
    ...model.initial(seed),
    ...initialParameters(own, await deriveSeed(seed, "ncf/people")),
  };
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const drawn = await deriveSeed(seed, "ncf/central", epoch);
    const pairs = pairsOfAll(people, { ...model.options, seed: drawn });
    const problem = ncfProblem({ network, pairs, parameters });
    const settings = { ...model.options, epochs: 1, batchSize, optimizer };
    const trained = await trainLocally(core, problem, {
      ...{ model: tensors, settings, signal },
      ...{ round: epoch, seed: drawn },
    });
    tensors = trained.weights;
  }
  return async (number) => {
    const items = people[number];
    if (items === undefined) {
      throw new RangeError(`Cannot score for person ${number}: there are ${people.length}`);
    }
    const rows = PERSON_TABLES.map((name) => {
      const data = tensorOf(tensors, name).data.slice(number * dim, (number + 1) * dim);
      return [name, { shape: [1, dim], data }] as const;
    });
    const scores = await scoreNcfItems(core, network, { ...tensors, ...Object.fromEntries(rows) });
    for (const item of items) scores[item] = -Infinity;
    return scores;
  };
}

/** Everybody's items, and as many sampled ones for each as the settings say. */
function pairsOfAll(
  people: readonly Uint32Array[],
  { items, negatives, seed }: {
    readonly items: number;
    readonly negatives: number;
    readonly seed: Uint8Array;
  },
): LabelledPairs {
  const rng = seededRng(seed);
  const total = people.reduce((sum, { length }) => sum + length, 0) * (1 + negatives);
  const pairs = {
    people: new Uint32Array(total),
    items: new Uint32Array(total),
    labels: new Float32Array(total),
  };
  let at = 0;
  people.forEach((positives, person) => {
    const count = positives.length * negatives;
    const sampled = drawTrainingNegatives(positives, { items, count, rng });
    pairs.items.set(positives, at);
    pairs.labels.fill(1, at, at + positives.length);
    pairs.items.set(sampled, at + positives.length);
    pairs.people.fill(person, at, at + positives.length + count);
    at += positives.length + count;
  });
  return pairs;
}
