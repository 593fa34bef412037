/**
 * What a federated model is: its tensors, how one person trains it, and which server step it needs.
 *
 * @module
 */
import type { NamedTensors, TensorSpec } from "../core/tensor.ts";
import type { DeviceState, Trainer, TrainerDuty } from "../core/trainer.ts";
import type { TrainCore } from "../wasm/train.ts";

/** One part of a task document: plain JSON with a `kind`. */
export interface KindOptions {
  /** Which member of its closed union this is. */
  readonly kind: string;
}

/** What a device brings to training, and to using what was learned. */
export interface Device<Examples> {
  /** Kernels and their memory. */
  readonly core: TrainCore;
  /** What only this device has. */
  readonly examples: Examples;
  /** What it keeps from round to round. */
  readonly state: DeviceState;
}

/** A model that clients train together: the extension point beside {@link Trainer}. */
export interface Model<Examples> {
  /** Complete options, as they stand in a task document. */
  readonly options: KindOptions;
  /** What is learned together, and travels. */
  readonly tensors: readonly TensorSpec[];
  /** The server step it is made for, with its settings; see `src/strategy`. */
  readonly strategy: KindOptions & Readonly<Record<string, unknown>>;
  /** What its trainer does for strategies that ask for it; nothing where left out. */
  readonly duties?: readonly TrainerDuty[];
  /** Names of what its trainer measures, each within `[0, 1]`. */
  readonly metrics: readonly string[];
  /** Largest L2 norm of the sums that one client gives, where it is known: a private task's bound. */
  readonly norm?: number;
  /**
   * The model before the first round.
   *
   * @param seed 32 bytes; the same seed gives the same bits.
   */
  initial(seed: Uint8Array): NamedTensors;
  /** One client's training. */
  trainer(device: Device<Examples>): Trainer;
}

/** Scores every item for one person under a model; higher is better. */
export type Scorer = (model: NamedTensors) => Promise<Float32Array>;

/** A model that learns from people's interactions, and recommends. */
export interface RecommenderModel extends Model<PersonExamples> {
  /** What clients train on. */
  readonly takes: "interactions";
  /** One person's scores; items of their own training get `-Infinity`. */
  scorer(device: Device<PersonExamples>): Scorer;
}

/**
 * What a model says of new examples, row by row: the probability that the label is 1, the
 * probabilities of all classes side by side, or the value.
 *
 * @param model    Its tensors.
 * @param features Rows of as many values as the model has features.
 */
export type Predictor = (model: NamedTensors, features: Float32Array) => Promise<Float32Array>;

/** A model that learns from rows of features with a label each, and predicts. */
export interface TableModel extends Model<TableExamples> {
  /** What clients train on. */
  readonly takes: "table";
  /** One client's training; it keeps nothing on the device. */
  trainer(device: Omit<Device<TableExamples>, "state">): Trainer;
  /** Predicts on one device; every client of a model predicts alike. */
  predictor(core: TrainCore): Predictor;
}

/** A statistic of numbers that clients have: what a round publishes is the answer. */
export interface ValuesModel extends Model<ValueExamples> {
  /** What clients contribute. */
  readonly takes: "values";
  /** What one client contributes; it needs no kernels and keeps nothing. */
  trainer(device: Pick<Device<ValueExamples>, "examples">): Trainer;
}

/** A statistic of texts that clients have: what the last round publishes is the answer. */
export interface ItemsModel extends Model<ItemExamples> {
  /** What clients contribute. */
  readonly takes: "items";
  /** What one client contributes; it needs no kernels and keeps nothing. */
  trainer(device: Pick<Device<ItemExamples>, "examples">): Trainer;
}

/** One person's interactions, as the recommenders take them. */
export interface PersonExamples {
  /** Tells the forms of examples apart; may be left out, as this one is the common one. */
  readonly kind?: "interactions";
  /** Items of the training part: row numbers, each at most once. */
  readonly items: Uint32Array;
  /** A rating for each of `items`; the implicit models do not read it. */
  readonly ratings?: Float32Array;
  /** The held-out item and sampled ones to rank it against. Training never reads it. */
  readonly evaluation?: {
    /** Row number of the item that the person took last. */
    readonly target: number;
    /** Row numbers of items that the person has not taken in training. */
    readonly negatives: Uint32Array;
  };
}

/** Rows of features with a label each, as `logistic` and `mlp` take them. */
export interface TableExamples {
  /** Tells the forms of examples apart. */
  readonly kind: "table";
  /** Rows one after the other, each of as many values as the model has features. */
  readonly features: Float32Array;
  /** One a row: 0 or 1, the number of a class, or a value, as the model has it. */
  readonly labels: Float32Array;
  /** Held-out rows, on which the received model is measured. Training never reads them. */
  readonly evaluation?: {
    /** As in training. */
    readonly features: Float32Array;
    /** As in training. */
    readonly labels: Float32Array;
  };
}

/** Numbers that a client has, as `mean` and `histogram` take them. */
export interface ValueExamples {
  /** Tells the forms of examples apart. */
  readonly kind: "values";
  /** By field, as many as the client has of each; fields that it has none of may be missing. */
  readonly values: Readonly<Record<string, ArrayLike<number>>>;
}

/** Texts that a client has, as `heavyHitters` takes them. */
export interface ItemExamples {
  /** Tells the forms of examples apart. */
  readonly kind: "items";
  /** Those that are there twice count once. */
  readonly items: readonly string[];
}

/** What a client has, in any form that a built-in model takes. */
export type Examples = PersonExamples | TableExamples | ValueExamples | ItemExamples;
