/**
 * Implicit ALS: every pair of a person and an item counts, and no negatives are sampled.
 *
 * @module
 */
import { seededRng } from "../core/random.ts";
import { tensorOf, zeros } from "../core/tensor.ts";
import { discount, rankOfTarget } from "../metrics/mod.ts";
import { exactSums } from "./ials_exact.ts";
import { newtonSums } from "./ials_newton.ts";
import { type IalsOptions, ialsOptions, type IalsSettings } from "./ials_options.ts";
import { fitPerson, type FittedPerson } from "./ials_person.ts";
import type { PersonExamples, RecommenderModel } from "./model.ts";

/** Name of the one tensor that is learned together. */
const ITEMS = "items";
/** Ranks that count in the metrics. */
const K = 10;

/** What an `ials` task learns, and how. */
export interface IalsModel extends RecommenderModel {
  /** Complete settings. */
  readonly options: IalsOptions;
}

/**
 * Implicit ALS over what people took (Hu, Koren and Volinsky, ICDM 2008; with the regularisation of
 * Rendle et al., RecSys 2022): minimises over people's vectors `p` and items' vectors `q`
 *
 * `Σ_taken (1 − p·q)² + a0·Σ_all (p·q)² + reg·Σ_p (n_p + a0·items)|p|² + reg·Σ_q (n_q + a0·people)|q|²`.
 *
 * A client solves for its own vector, which never leaves it and needs not be kept, and sends what
 * the server needs to solve for the items (`exact`), or to take one damped Newton step (`newton`).
 * Metrics are those of the received table, with the vector solved from training items alone.
 *
 * @throws {TributaryError} `task-refused` if a setting does not fit.
 *
 * @example One tensor is learned together
 * ```ts
 * import { ials } from "./ials.ts";
 *
 * const { tensors } = ials({ items: 9724, dim: 32 });
 * if (tensors[0]?.shape.join() !== "9724,32") throw new Error("unexpected");
 * ```
 */
export function ials(settings: IalsSettings): IalsModel {
  const options = ialsOptions(settings);
  const { form, dim, a0, reg, range } = options;
  return {
    options,
    takes: "interactions",
    tensors: [{ name: ITEMS, shape: [options.items, dim] }],
    strategy: form === "newton"
      ? { kind: "als-newton", a0, reg, lr: 1, range }
      : { kind: "als-exact", a0, reg, range },
    metrics: ["hr@10", "ndcg@10", "loss"],
    initial(seed) {
      const rng = seededRng(seed);
      const items = zeros([options.items, dim]);
      const deviation = options.initialLength / Math.sqrt(dim);
      items.data.forEach((_, i) => items.data[i] = deviation * rng.normal());
      return { [ITEMS]: items };
    },
    trainer: ({ core, examples }) => (model, { signal }) => {
      signal.throwIfAborted();
      const { items } = examples;
      const person = fitPerson(core, { options, table: tensorOf(model, ITEMS).data, items });
      const sums = (form === "newton" ? newtonSums : exactSums)(person, { options, items });
      const metrics = evaluate(person, examples);
      return Promise.resolve({ kind: "sums", sums, ...(metrics && { metrics }) });
    },
    scorer: ({ core, examples }) => (model) => {
      const { items } = examples;
      const table = tensorOf(model, ITEMS).data;
      const { scores } = fitPerson(core, { options, table, items });
      for (const item of items) scores[item] = -Infinity;
      return Promise.resolve(scores);
    },
  };
}

/** How high the person's held-out item ranks; nothing where none is held out. */
function evaluate(
  { scores, loss }: FittedPerson,
  { evaluation }: PersonExamples,
): Record<string, number> | undefined {
  if (evaluation === undefined) return undefined;
  const rank = rankOfTarget(scores, evaluation.target, { among: evaluation.negatives });
  const hit = rank <= K;
  return { "hr@10": hit ? 1 : 0, "ndcg@10": hit ? discount(rank) : 0, loss };
}
