/**
 * Settings of matrix factorisation: what a task says about it, and what it leaves out.
 *
 * @module
 */
import * as v from "valibot";
import { notNegative, positive, readOptions, whole } from "../core/options.ts";

/** Complete settings of an `mf` model. */
export interface MfOptions {
  /** Tells the models apart. */
  readonly kind: "mf";
  /** Rows of the item table. */
  readonly items: number;
  /** Values of an item's and of a person's vector. */
  readonly dim: number;
  /** `logistic`: is this item taken or not; `bpr`: is this item rather taken than that one. */
  readonly loss: "logistic" | "bpr";
  /** Sampled items for each one of training, up to 100. */
  readonly negatives: number;
  /** Adam steps on the person's vector each round, up to 100; times `negatives`, up to 1000. */
  readonly personSteps: number;
  /** Their learning rate. */
  readonly personRate: number;
  /** Weight of the person's squared vector, halved, in the mean loss. */
  readonly personDecay: number;
  /** Size of the one gradient step on items and biases, for the summed loss. */
  readonly itemRate: number;
  /** L2 norm that a person's whole change of the table is shrunk to. */
  readonly clip: number;
  /**
   * `rows`: the changes and which rows they touch, for the row-wise step. `weights`: the new table,
   * for strategies that average.
   */
  readonly sends: "rows" | "weights";
}

/** What must be said; the rest has defaults. */
export type MfSettings =
  & Pick<MfOptions, "items" | "dim">
  & Partial<Omit<MfOptions, "kind" | "items" | "dim">>;

/** Most sampled items that a device scores for each one of training in a round. */
const MAX_DRAWS = 1000;

const fields: v.GenericSchema<unknown, MfOptions> = v.strictObject({
  kind: v.literal("mf"),
  items: whole("items", 2 ** 24),
  dim: whole("dim", 1024),
  loss: v.picklist(["logistic", "bpr"], "loss must be logistic or bpr"),
  negatives: whole("negatives", 100),
  personSteps: whole("personSteps", 100),
  personRate: positive("personRate"),
  personDecay: notNegative("personDecay"),
  itemRate: positive("itemRate"),
  clip: positive("clip"),
  sends: v.picklist(["rows", "weights"], "sends must be rows or weights"),
});

const schema: v.GenericSchema<unknown, MfOptions> = v.pipe(
  fields,
  // Each is harmless alone; together they would keep a device busy for longer than any round.
  v.check(
    ({ negatives, personSteps }) => negatives * personSteps <= MAX_DRAWS,
    ({ input: { negatives, personSteps } }) =>
      `negatives times personSteps must be at most ${MAX_DRAWS}, found ` +
      `${negatives} × ${personSteps} = ${negatives * personSteps}`,
  ),
);

/**
 * Complete settings, checked; what is left out gets the value that was best on MovieLens.
 *
 * @throws {TributaryError} `task-refused`, naming the first setting that does not fit.
 */
export function mfOptions(settings: MfSettings): MfOptions {
  return readOptions(schema, {
    kind: "mf",
    loss: "logistic",
    negatives: 4,
    personSteps: 3,
    personRate: 0.05,
    personDecay: 0.01,
    itemRate: 0.5,
    clip: 10,
    sends: "rows",
    ...settings,
  }, "make an mf model");
}
