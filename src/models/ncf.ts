/**
 * Neural collaborative filtering over implicit feedback: item tables and layers are learned together,
 * and each person's vectors stay on their device.
 *
 * @module
 */
import { deriveSeed, seededRng } from "../core/random.ts";
import type { NamedTensors } from "../core/tensor.ts";
import { drawTrainingNegatives } from "../data/negatives.ts";
import { discount, rankOfTarget } from "../metrics/mod.ts";
import { initialParameters } from "../nn/parameters.ts";
import type { TrainCore } from "../wasm/train.ts";
import { trainLocally } from "./local_training.ts";
import type { Device, PersonExamples, RecommenderModel } from "./model.ts";
import { sumsOf, weightsOf } from "./ncf_contribution.ts";
import { ITEM_TABLES, type NcfNetwork, ncfNetwork, newPersonSpecs } from "./ncf_network.ts";
import { ncfOptions } from "./ncf_options.ts";
import type { NcfOptions, NcfSettings } from "./ncf_options.ts";
import { type LabelledPairs, ncfProblem, pairsOfPerson, takeItems } from "./ncf_pairs.ts";
import { loadNcfPerson, saveNcfPerson } from "./ncf_person.ts";
import { scoreNcfItems } from "./ncf_scores.ts";
import { numberRows } from "./touched_rows.ts";

/** Steps that fit a person who has not trained to a model that others have. */
const FRESH_STEPS = 60;
/** Ranks that count in the metrics. */
const K = 10;
/** The server's step that suits what clients send. */
const STRATEGY = {
  rows: { kind: "rowwise", lr: 0.6, range: 2, tables: ITEM_TABLES },
  weights: { kind: "fedavg", lr: 1, range: 2 },
} as const;

/** What an `ncf` task learns, and how. */
export interface NcfModel extends RecommenderModel {
  /** Complete settings. */
  readonly options: NcfOptions;
}

/**
 * Neural collaborative filtering (He et al., WWW 2017): the logit of whether a person takes an item
 * comes out of a product of their vectors and of dense layers over others.
 *
 * A client fits its vectors to the received model, then trains them together with the layers and
 * with the rows of the items that it took or sampled, and sends the new weights. Sampled items are
 * any that it has not taken in training. Metrics are those of the received model, with the vectors
 * fitted to it on training items alone.
 *
 * @throws {TributaryError} `task-refused` if a setting does not fit.
 *
 * @example Items and layers are learned together
 * ```ts
 * import { ncf } from "./ncf.ts";
 *
 * const { tensors } = ncf({ items: 9724, dim: 8, hidden: [16] });
 * if (tensors[0]?.shape.join() !== "9724,8") throw new Error("unexpected");
 * ```
 */
export function ncf(settings: NcfSettings): NcfModel {
  const options = ncfOptions(settings);
  const network = ncfNetwork(options);
  return {
    options,
    takes: "interactions",
    tensors: network.shared.map(({ name, shape }) => ({ name, shape })),
    strategy: STRATEGY[options.sends],
    duties: ["steps", "loss"],
    metrics: ["hr@10", "ndcg@10", "loss"],
    initial: (seed) => initialParameters(network.shared, seed),
    trainer: (device) => async (model, { round, seed, signal, needs = [] }) => {
      const { core, state, examples } = device;
      const { vectors } = await loadNcfPerson(state, options.dim);
      const feedback = await drawPairs(options, examples.items, seed);
      const { touched, pairs } = feedback;
      const taken = takeItems(model, touched);
      const own = { core, network, taken, pairs, signal };
      const fitted = await fitPerson(own, { options, vectors, steps: options.personSteps });
      const metrics = await measure(device, { network, model, fitted });
      const parameters = [
        ...network.shared.map(({ name }) => ({ name, shape: taken[name]?.shape ?? [] })),
        ...newPersonSpecs(options.dim),
      ];
      const trained = await trainLocally(core, ncfProblem({ network, pairs, parameters }), {
        model: { ...taken, ...fitted.vectors },
        settings: options,
        ...{ round, seed, signal, needs },
      });
      const { weights, steps, loss } = trained;
      await saveNcfPerson(state, { vectors: onlyPerson(weights, options), dim: options.dim });
      const change = { model, items: touched, trained: weights };
      const measured = metrics && { metrics };
      if (options.sends === "rows") {
        return { kind: "sums", ...sumsOf(change, options.clip), ...measured };
      }
      return {
        ...weightsOf(change),
        ...{ examples: examples.items.length, steps },
        ...(loss !== undefined && { loss }),
        ...measured,
      };
    },
    scorer: ({ core, state, examples }) => async (model) => {
      const { vectors, isKnown } = await loadNcfPerson(state, options.dim);
      const { touched, pairs } = await drawPairs(options, examples.items, new Uint8Array(32));
      const { signal } = new AbortController();
      const own = { core, network, taken: takeItems(model, touched), pairs, signal };
      const steps = isKnown ? options.personSteps : FRESH_STEPS;
      const person = (await fitPerson(own, { options, vectors, steps })).vectors;
      const scores = await scoreNcfItems(core, network, { ...model, ...person });
      for (const item of examples.items) scores[item] = -Infinity;
      return scores;
    },
  };
}

/** A person's items and as many sampled ones for each as the settings say, by rows that are touched. */
async function drawPairs(
  { items, negatives }: NcfOptions,
  positives: Uint32Array,
  seed: Uint8Array,
): Promise<{ readonly touched: Uint32Array; readonly pairs: LabelledPairs }> {
  const rng = seededRng(await deriveSeed(seed, "ncf/negatives"));
  const count = positives.length * negatives;
  const sampled = drawTrainingNegatives(positives, { items, count, rng });
  const { touched, lists: [own = positives, other = sampled] } = numberRows(items, [
    positives,
    sampled,
  ]);
  return { touched, pairs: pairsOfPerson(own, other) };
}

interface FittedPerson {
  readonly vectors: NamedTensors;
  /** Mean loss before the fit. */
  readonly loss: number;
}

/** Fits a person's vectors to a model that stays as it is. */
async function fitPerson(
  { core, network, taken, pairs, signal }: {
    readonly core: TrainCore;
    readonly network: NcfNetwork;
    readonly taken: NamedTensors;
    readonly pairs: LabelledPairs;
    readonly signal: AbortSignal;
  },
  { options, vectors, steps }: {
    readonly options: NcfOptions;
    readonly vectors: NamedTensors;
    readonly steps: number;
  },
): Promise<FittedPerson> {
  const { dim, personRate: lr, personDecay: decay } = options;
  const parameters = newPersonSpecs(dim);
  const problem = ncfProblem({ network, pairs, parameters, fixed: taken });
  const { weights, loss = 0 } = await trainLocally(core, problem, {
    model: vectors,
    needs: ["loss"],
    settings: {
      epochs: steps,
      batchSize: Math.max(1, pairs.labels.length),
      optimizer: { kind: "adam", lr, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, decay },
      schedule: { kind: "constant" },
      maxNorm: null,
    },
    round: 1,
    // One batch of everything, and nothing is dropped: there is nothing to draw.
    seed: new Uint8Array(32),
    signal,
  });
  return { vectors: weights, loss };
}

/** How high the person's held-out item ranks; nothing where none is held out. */
async function measure(
  { core, examples: { evaluation } }: Device<PersonExamples>,
  { network, model, fitted }: {
    readonly network: NcfNetwork;
    readonly model: NamedTensors;
    readonly fitted: FittedPerson;
  },
): Promise<Record<string, number> | undefined> {
  if (evaluation === undefined) return undefined;
  const asked = Uint32Array.of(evaluation.target, ...evaluation.negatives);
  const tensors = { ...takeItems(model, asked), ...fitted.vectors };
  const rank = rankOfTarget(await scoreNcfItems(core, network, tensors), 0);
  const hit = rank <= K;
  const loss = Math.min(1, fitted.loss / Math.LN2);
  return { "hr@10": hit ? 1 : 0, "ndcg@10": hit ? discount(rank) : 0, loss };
}

function onlyPerson(tensors: NamedTensors, { dim }: NcfOptions): NamedTensors {
  const names = new Set(newPersonSpecs(dim).map(({ name }) => name));
  return Object.fromEntries(Object.entries(tensors).filter(([name]) => names.has(name)));
}
