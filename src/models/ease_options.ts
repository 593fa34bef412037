/**
 * Settings of EASE: what a task says about it, and what it leaves out.
 *
 * @module
 */
import * as v from "valibot";
import { positive, readOptions, whole } from "../core/options.ts";

/** Complete settings of an `ease` model. */
export interface EaseOptions {
  /** Tells the models apart. */
  readonly kind: "ease";
  /** Items of the catalogue, at most {@link MOST_ITEMS}. */
  readonly items: number;
  /** λ, the regularisation: the larger, the less a pair counts that few people have. */
  readonly reg: number;
  /**
   * Items up to which a person counts in full; the pairs of one who has `n` more than that count
   * `cap / n` each, so that nobody's sums have an L2 norm above `cap`. `null` for no cap: then the
   * sums are exact.
   */
  readonly cap: number | null;
}

/** What must be said; the rest has defaults. */
export type EaseSettings = Pick<EaseOptions, "items"> & Partial<Omit<EaseOptions, "items">>;

/** Most items: the pairs of one more would not fit the 16 Mi values of one accumulator. */
const MOST_ITEMS = 5792;

const schema: v.GenericSchema<unknown, EaseOptions> = v.strictObject({
  kind: v.literal("ease"),
  items: v.pipe(
    whole("items", 2 ** 24),
    v.maxValue(
      MOST_ITEMS,
      ({ input }) =>
        `items must be at most ${MOST_ITEMS}, found ${input}: the pairs of more do not fit one ` +
        "accumulator, so keep the items that most people have",
    ),
  ),
  reg: positive("reg"),
  cap: v.nullable(positive("cap")),
});

/**
 * Complete settings, checked; what is left out gets the value that was best on MovieLens.
 *
 * @throws {TributaryError} `task-refused`, naming the first setting that does not fit.
 */
export function easeOptions(settings: EaseSettings): EaseOptions {
  return readOptions(
    schema,
    { kind: "ease", reg: 100, cap: null, ...settings },
    "make an ease model",
  );
}
