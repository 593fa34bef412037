/**
 * Optimisers as plain data: what a task says about how clients step.
 *
 * @module
 */
import * as v from "valibot";
import { fraction, notNegative, positive, readOptions } from "../core/options.ts";

/** Gradient descent, with momentum (Polyak 1964) or Nesterov's where asked for. */
export interface SgdOptions {
  /** Tells the optimisers apart. */
  readonly kind: "sgd";
  /** Learning rate. */
  readonly lr: number;
  /** Share of the last direction that is kept: `m = momentum·m + g`; 0 for none. */
  readonly momentum: number;
  /** Whether a step goes `g + momentum·m` in place of `m` (Sutskever et al., ICML 2013). */
  readonly nesterov: boolean;
  /** Times the weights, added to the gradient. */
  readonly decay: number;
}

/** Adam (Kingma and Ba, ICLR 2015), or with decoupled decay AdamW (Loshchilov and Hutter, ICLR 2019). */
export interface AdamOptions {
  /** `adam` adds `decay·w` to the gradient, `adamw` to the step. */
  readonly kind: "adam" | "adamw";
  /** Learning rate. */
  readonly lr: number;
  /** Share of the mean gradient that is kept. */
  readonly beta1: number;
  /** Share of the mean squared gradient that is kept. */
  readonly beta2: number;
  /** Added to the root of the mean square. */
  readonly epsilon: number;
  /** Weight of the weights themselves. */
  readonly decay: number;
}

/** Adagrad (Duchi, Hazan and Singer, JMLR 2011). */
export interface AdagradOptions {
  /** `row-adagrad` keeps one sum, of mean squares, for each row of a table, and one for a vector's value. */
  readonly kind: "adagrad" | "row-adagrad";
  /** Learning rate. */
  readonly lr: number;
  /** Added to the root of the sum of squares. */
  readonly epsilon: number;
  /** What the sums start at. */
  readonly initial: number;
}

/** RMSprop (Tieleman and Hinton 2012), not centred. */
export interface RmspropOptions {
  /** Tells the optimisers apart. */
  readonly kind: "rmsprop";
  /** Learning rate. */
  readonly lr: number;
  /** Share of the mean squared gradient that is kept. */
  readonly smoothing: number;
  /** Added to the root of the mean square. */
  readonly epsilon: number;
}

/** Any optimiser, as it stands in a task. */
export type OptimizerOptions = SgdOptions | AdamOptions | AdagradOptions | RmspropOptions;

/** What must be said about an optimiser; the rest has defaults. */
export type OptimizerSettings<Options extends OptimizerOptions> =
  & Pick<Options, "lr">
  & Partial<Omit<Options, "kind" | "lr">>;

const lr = positive("lr");
const epsilon = v.optional(positive("epsilon"), 1e-8);
const decay = v.optional(notNegative("decay"), 0);
const share = (name: string, usual: number) => v.optional(fraction(name), usual);

const adamFields = {
  lr,
  beta1: share("beta1", 0.9),
  beta2: share("beta2", 0.999),
  epsilon,
};
const adagradFields = {
  lr,
  epsilon: v.optional(positive("epsilon"), 1e-10),
  initial: v.optional(notNegative("initial"), 0),
};

/** Schema of {@link OptimizerOptions}; what is left out gets its default. */
export const optimizerSchema: v.GenericSchema<unknown, OptimizerOptions> = v.variant("kind", [
  v.strictObject({
    kind: v.literal("sgd"),
    lr,
    momentum: share("momentum", 0),
    nesterov: v.optional(v.boolean("nesterov must be true or false"), false),
    decay,
  }),
  v.strictObject({ kind: v.literal("adam"), ...adamFields, decay }),
  v.strictObject({
    kind: v.literal("adamw"),
    ...adamFields,
    decay: v.optional(notNegative("decay"), 0.01),
  }),
  v.strictObject({ kind: v.literal("adagrad"), ...adagradFields }),
  v.strictObject({ kind: v.literal("row-adagrad"), ...adagradFields }),
  v.strictObject({ kind: v.literal("rmsprop"), lr, smoothing: share("smoothing", 0.9), epsilon }),
]);

/**
 * Options of gradient descent.
 *
 * @param options `lr`; momentum and decay default to none.
 * @throws {TributaryError} `task-refused` if one does not fit; so do all optimisers here.
 */
export function sgd(options: OptimizerSettings<SgdOptions>): OptimizerOptions {
  return complete("sgd", options);
}

/** Options of Adam: `lr`; `beta1` .9, `beta2` .999, `epsilon` 1e-8, `decay` 0. */
export function adam(options: OptimizerSettings<AdamOptions>): OptimizerOptions {
  return complete("adam", options);
}

/** Options of AdamW: `lr`; `beta1` .9, `beta2` .999, `epsilon` 1e-8, `decay` .01. */
export function adamw(options: OptimizerSettings<AdamOptions>): OptimizerOptions {
  return complete("adamw", options);
}

/** Options of Adagrad: `lr`; `epsilon` 1e-10, `initial` 0. */
export function adagrad(options: OptimizerSettings<AdagradOptions>): OptimizerOptions {
  return complete("adagrad", options);
}

/**
 * Options of row-wise Adagrad, for embeddings: one sum a row takes a fraction of the memory, and a
 * row that few examples touch keeps a high rate. Options are those of {@link adagrad}.
 */
export function rowAdagrad(options: OptimizerSettings<AdagradOptions>): OptimizerOptions {
  return complete("row-adagrad", options);
}

/** Options of RMSprop: `lr`; `smoothing` .9, `epsilon` 1e-8. */
export function rmsprop(options: OptimizerSettings<RmspropOptions>): OptimizerOptions {
  return complete("rmsprop", options);
}

function complete(kind: OptimizerOptions["kind"], options: object): OptimizerOptions {
  return readOptions(optimizerSchema, { kind, ...options }, `use optimizer ${kind}`);
}
