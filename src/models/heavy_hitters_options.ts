/**
 * Settings of heavy hitters: what a task says about them, and what it leaves out.
 *
 * @module
 */
import * as v from "valibot";
import { positive, readOptions, whole } from "../core/options.ts";
import { symbolCount } from "./item_symbols.ts";

/** Complete settings of a `heavy-hitters` model. */
export interface HeavyHittersOptions {
  /** Tells the models apart. */
  readonly kind: "heavy-hitters";
  /** The characters that items are made of; `null` for any text, as the bits of its UTF-8. */
  readonly alphabet: string | null;
  /** Longest item, in characters of the alphabet or else in bytes of UTF-8. */
  readonly length: number;
  /** By how many characters, or else bits, each round extends the prefixes. */
  readonly step: number;
  /** Most prefixes that are kept from round to round: those with most votes. */
  readonly width: number;
  /** Fewest votes that a prefix is kept with. */
  readonly threshold: number;
  /** Most items that a client votes for in a round; of more it draws as many. */
  readonly votes: number;
}

/** What must be said; the rest has defaults. */
export type HeavyHittersSettings =
  & Pick<HeavyHittersOptions, "length" | "threshold">
  & Partial<Omit<HeavyHittersOptions, "kind" | "length" | "threshold">>;

/** Most candidates of a round: prefixes times what each can be extended by. */
const MOST_CANDIDATES = 2 ** 20;

const schema: v.GenericSchema<unknown, HeavyHittersOptions> = v.pipe(
  v.strictObject({
    kind: v.literal("heavy-hitters"),
    alphabet: v.nullable(v.pipe(
      v.string("alphabet must be a text"),
      v.check((text) => [...text].length >= 2, "alphabet must have 2 characters or more"),
      v.check((text) => [...text].length <= 4096, "alphabet must have at most 4096 characters"),
      v.check((text) => text.isWellFormed(), "alphabet must be whole characters"),
      v.check(
        (text) => new Set(text).size === [...text].length,
        "alphabet must have each character once",
      ),
    )),
    length: whole("length", 256),
    step: whole("step", 20),
    width: whole("width", 65_536),
    threshold: positive("threshold"),
    votes: whole("votes", 1000),
  }),
  v.check(
    ({ step, ...items }) => symbolCount(items) % step === 0,
    "step must divide the length of items, in bits where there is no alphabet",
  ),
  v.check(
    (options) => options.width * groupSize(options) <= MOST_CANDIDATES,
    ({ input }) =>
      `width and step make ${input.width * groupSize(input)} candidates: ` +
      `expected at most ${MOST_CANDIDATES}`,
  ),
);

/** How many extensions each prefix has in a round. */
export function groupSize(
  { alphabet, step }: Pick<HeavyHittersOptions, "alphabet" | "step">,
): number {
  return baseOf(alphabet) ** step;
}

/** How many symbols there are: bits, or the characters and one for an item's end. */
export function baseOf(alphabet: string | null): number {
  return alphabet === null ? 2 : [...alphabet].length + 1;
}

/**
 * Complete settings, checked.
 *
 * @throws {TributaryError} `task-refused`, naming the first setting that does not fit.
 */
export function heavyHittersOptions(settings: HeavyHittersSettings): HeavyHittersOptions {
  const { alphabet = null } = settings;
  const step = alphabet === null ? 4 : 1;
  return readOptions(
    schema,
    { kind: "heavy-hitters", alphabet, step, width: 64, votes: 1, ...settings },
    "make a heavy-hitters model",
  );
}
