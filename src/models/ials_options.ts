/**
 * Settings of implicit ALS: what a task says about it, and what it leaves out.
 *
 * @module
 */
import * as v from "valibot";
import { positive, readOptions, whole } from "../core/options.ts";

/** Complete settings of an `ials` model. */
export interface IalsOptions {
  /** Tells the models apart. */
  readonly kind: "ials";
  /**
   * `newton`: `dim + 1` values an item, central quality within a few rounds. `exact`: what the
   * central solution needs, `(dim + 1)(dim + 2)/2` values an item.
   */
  readonly form: "newton" | "exact";
  /** Rows of the item table. */
  readonly items: number;
  /** Values of an item's and of a person's vector. */
  readonly dim: number;
  /** Weight of every pair of a person and an item having score 0; a pair that happened weighs 1. */
  readonly a0: number;
  /** Regularisation for each unit of weight in a vector's own least squares. */
  readonly reg: number;
  /** `newton`: L2 norm that a person's whole change of the table is kept within. */
  readonly clip: number;
  /** `newton`: longest vector of a person. `exact`: largest entry of one. */
  readonly range: number;
  /** Root mean square length of the item vectors before the first round. */
  readonly initialLength: number;
}

/** What must be said; the rest has defaults. */
export type IalsSettings =
  & Pick<IalsOptions, "items" | "dim">
  & Partial<Omit<IalsOptions, "items" | "dim">>;

const schema: v.GenericSchema<unknown, IalsOptions> = v.strictObject({
  kind: v.literal("ials"),
  form: v.picklist(["newton", "exact"], "form must be newton or exact"),
  items: whole("items", 2 ** 24),
  dim: whole("dim", 256),
  a0: positive("a0"),
  reg: positive("reg"),
  clip: positive("clip"),
  range: positive("range"),
  initialLength: positive("initialLength"),
});

/**
 * Complete settings, checked; what is left out gets the value that was best on MovieLens.
 *
 * @throws {TributaryError} `task-refused`, naming the first setting that does not fit.
 */
export function ialsOptions(settings: IalsSettings): IalsOptions {
  return readOptions(schema, {
    kind: "ials",
    form: "newton",
    a0: 0.3,
    reg: 0.005,
    clip: 3,
    range: 1,
    initialLength: 0.1,
    ...settings,
  }, "make an ials model");
}
