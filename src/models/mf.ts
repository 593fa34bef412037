/**
 * Matrix factorisation over implicit feedback: the item table and the item biases are learned
 * together, and each person's vector stays on their device.
 *
 * @module
 */
import { deriveSeed, seededRng } from "../core/random.ts";
import { tensorOf, zeros } from "../core/tensor.ts";
import type { NamedTensors, TensorSpec } from "../core/tensor.ts";
import type { Contribution } from "../core/trainer.ts";
import { drawTrainingNegatives } from "../data/negatives.ts";
import { discount, rankOfTarget } from "../metrics/mod.ts";
import { mfOptions } from "./mf_options.ts";
import type { MfOptions, MfSettings } from "./mf_options.ts";
import { applyPass, makePass, scoreItem, scoreItems } from "./mf_pass.ts";
import type { ItemTable, PassResult } from "./mf_pass.ts";
import { isFitted, loadPerson, savePerson } from "./mf_person.ts";
import type { Device, PersonExamples, RecommenderModel } from "./model.ts";

/** Standard deviation of the item table's first values. */
const INITIAL_SD = 0.03;
/** Steps that fit a person who has not trained to a table that others have. */
const FRESH_STEPS = 60;
/** The server's step that suits what clients send. */
const STRATEGY = {
  rows: { kind: "rowwise", lr: 0.6, range: 2 },
  weights: { kind: "fedavg", lr: 1, range: 2 },
} as const;
/** Ranks that count in the metrics. */
const K = 10;

/** What an `mf` task learns, and how. */
export interface MfModel extends RecommenderModel {
  /** Complete settings. */
  readonly options: MfOptions;
}

/**
 * Matrix factorisation of who took what: score `= person · item + bias`.
 *
 * A client fits its vector to the received table, takes one gradient step on the items that it took
 * or sampled, and sends that step with a mark for each row it touched. Metrics are those of the
 * received table, with the vector fitted to it on training items alone.
 *
 * Loss: cross-entropy with sampled negatives, or BPR (Rendle et al., UAI 2009).
 *
 * @throws {TributaryError} `task-refused` if a setting does not fit.
 *
 * @example Two tensors are learned together
 * ```ts
 * import { mf } from "./mf.ts";
 *
 * const { tensors } = mf({ items: 9724, dim: 32 });
 * if (tensors.map(({ name }) => name).join() !== "item,bias") throw new Error("unexpected");
 * ```
 */
export function mf(settings: MfSettings): MfModel {
  const options = mfOptions(settings);
  const { items, dim } = options;
  const tensors: readonly TensorSpec[] = [
    { name: "item", shape: [items, dim] },
    { name: "bias", shape: [items] },
  ];
  return {
    options,
    takes: "interactions",
    tensors,
    strategy: STRATEGY[options.sends],
    metrics: ["hr@10", "ndcg@10", "loss"],
    initial(seed) {
      const rng = seededRng(seed);
      const item = zeros([items, dim]);
      item.data.forEach((_, i) => item.data[i] = INITIAL_SD * rng.normal());
      return { item, bias: zeros([items]) };
    },
    trainer: (device) => async (model, { seed, signal }) => {
      signal.throwIfAborted();
      const table = itemTable(model);
      const person = await loadPerson(device.state, dim);
      const { positives, negatives } = await drawFeedback(options, device.examples.items, seed);
      const pass = makePass(device.core, options, { table, person, positives, negatives });
      signal.throwIfAborted();
      await savePerson(device.state, person);
      const metrics = evaluate(table, { person, loss: pass.loss, device });
      return {
        ...contribution(options, { model, pass, examples: positives.length }),
        ...(metrics && { metrics }),
      };
    },
    scorer: (device) => async (model) => {
      const table = itemTable(model);
      const person = await loadPerson(device.state, dim);
      const personSteps = isFitted(person) ? options.personSteps : FRESH_STEPS;
      const feedback = await drawFeedback(options, device.examples.items, new Uint8Array(32));
      makePass(device.core, { ...options, personSteps }, { table, person, ...feedback });
      return scoreItems(table, person, { except: device.examples.items });
    },
  };
}

/** The tensors of a model, as a pass takes them. */
export function itemTable(model: NamedTensors): ItemTable {
  return { item: tensorOf(model, "item").data, bias: tensorOf(model, "bias").data };
}

/**
 * A person's items, and as many sampled ones for each as the settings say.
 *
 * @param seed 32 bytes that decide the sample.
 */
export async function drawFeedback(
  { items, negatives }: MfOptions,
  positives: Uint32Array,
  seed: Uint8Array,
): Promise<{ positives: Uint32Array; negatives: Uint32Array }> {
  const rng = seededRng(await deriveSeed(seed, "mf/negatives"));
  const count = positives.length * negatives;
  return { positives, negatives: drawTrainingNegatives(positives, { items, count, rng }) };
}

function contribution(
  { items, dim, sends }: MfOptions,
  { model, pass, examples }: { model: NamedTensors; pass: PassResult; examples: number },
): Contribution {
  if (sends === "weights") {
    const item = tensorOf(model, "item");
    const bias = tensorOf(model, "bias");
    const weights = {
      item: { shape: item.shape, data: item.data.slice() },
      bias: { shape: bias.shape, data: bias.data.slice() },
    };
    applyPass(itemTable(weights), pass);
    return { kind: "weights", weights, examples };
  }
  const sums = { item: zeros([items, dim]), bias: zeros([items]), count: zeros([items]) };
  applyPass(itemTable(sums), pass);
  pass.touched.forEach((item) => sums.count.data[item] = 1);
  return { kind: "sums", sums };
}

/** How high the person's held-out item ranks; nothing where none is held out. */
function evaluate(
  table: ItemTable,
  { person, loss, device }: {
    person: Float32Array;
    loss: number;
    device: Device<PersonExamples>;
  },
): Record<string, number> | undefined {
  const { evaluation } = device.examples;
  if (evaluation === undefined) return undefined;
  const asked = [evaluation.target, ...evaluation.negatives];
  const rank = rankOfTarget(asked.map((item) => scoreItem(table, person, item)), 0);
  const hit = rank <= K;
  return { "hr@10": hit ? 1 : 0, "ndcg@10": hit ? discount(rank) : 0, loss: Math.min(loss, 1) };
}
