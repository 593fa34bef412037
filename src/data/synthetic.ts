/**
 * Invented ratings with latent taste, popularity skew and social groups, made so that learning
 * together beats popularity, and learning alone learns nothing.
 *
 * @module
 */
import type { Rng } from "../core/random.ts";
import type { History, Interactions } from "./interactions.ts";
import { permutation } from "./permutation.ts";
import { inventTitles } from "./synthetic_titles.ts";

/** How large and how pronounced the invented world is. */
export interface SyntheticShape {
  /** Number of people. */
  readonly people: number;
  /** Number of items. */
  readonly items: number;
  /** Number of groups of like taste; person `u` is in group `u mod groups`. */
  readonly groups: number;
  /** Dimension of taste. */
  readonly rank: number;
  /** How strongly taste decides against popularity. */
  readonly intensity: number;
  /** Fewest items that a person rates. */
  readonly minItems: number;
  /** Most items that a person rates; at most `items`. */
  readonly maxItems: number;
}

/** Shapes for which the lines of a comparison are known to lie well apart. */
export const SYNTHETIC_SHAPES: Readonly<Record<"small" | "medium" | "large", SyntheticShape>> = {
  small: { people: 60, items: 200, groups: 4, rank: 4, intensity: 4, minItems: 25, maxItems: 40 },
  medium: { people: 120, items: 300, groups: 6, rank: 6, intensity: 4, minItems: 25, maxItems: 40 },
  large: { people: 600, items: 1000, groups: 8, rank: 8, intensity: 3, minItems: 20, maxItems: 40 },
};

/** An invented world. */
export interface SyntheticData {
  /** Who rated what; every rating is 1. */
  readonly interactions: Interactions;
  /** Group of each person. */
  readonly groups: Uint32Array;
  /** Whom each person follows: different people, never themselves. */
  readonly edges: readonly Uint32Array[];
}

const EDGES_PER_PERSON = 3;
const EDGE_WITHIN_GROUP = 0.9;
/** 1 January 2024, in seconds. */
const FIRST_TIME = 1_704_067_200;
const HOUR_S = 3600;

/**
 * Generates a world of the given shape.
 *
 * Group centres C, people Z and items V are random directions in R^rank. A person's taste is
 * X = normalise(.7 C + .3 Z); they draw a uniform number of items without replacement with
 * probability ∝ exp(intensity · √rank · X·V) / (popularity rank + 10), by Gumbel top-k, in random
 * order of time, an hour apart. Three edges a person, nine in ten within the group.
 *
 * @param shape One of {@link SYNTHETIC_SHAPES}, or another.
 * @param rng   Decides everything: the same state gives the same world.
 * @throws {RangeError} If a count is not whole and above 0, or `maxItems` is above `items` or below
 *   `minItems`.
 *
 * @example The default of the demo
 * ```ts
 * import { deriveSeed, seededRng } from "../core/random.ts";
 * import { generate, SYNTHETIC_SHAPES } from "./synthetic.ts";
 *
 * const seed = await deriveSeed(new Uint8Array(32), "data");
 * const { interactions } = generate(SYNTHETIC_SHAPES.small, seededRng(seed));
 * if (interactions.people.length !== 60 || interactions.items.length !== 200) throw new Error();
 * ```
 */
export function generate(shape: SyntheticShape, rng: Rng): SyntheticData {
  checkShape(shape);
  const groups = Uint32Array.from({ length: shape.people }, (_, person) => person % shape.groups);
  const centres = directions(shape.groups, { rank: shape.rank, rng });
  const own = directions(shape.people, { rank: shape.rank, rng });
  const items = directions(shape.items, { rank: shape.rank, rng });
  const popularity = permutation(shape.items, rng);

  const histories = own.map((direction, person): History => {
    const centre = centres[groups[person] ?? 0];
    const taste = normalise(direction.map((z, axis) => 0.7 * (centre?.[axis] ?? 0) + 0.3 * z));
    const scale = shape.intensity * Math.sqrt(shape.rank);
    const logits = items.map((item, index) =>
      scale * dot(taste, item) - Math.log((popularity[index] ?? 0) + 10)
    );
    const count = shape.minItems + rng.below(shape.maxItems - shape.minItems + 1);
    return historyOf(drawWithoutReplacement(logits, { count, rng }), rng);
  });
  return {
    interactions: {
      people: Array.from(groups, (_, person) => String(person + 1)),
      items: items.map((_, index) => String(index + 1)),
      titles: inventTitles(shape.items, rng),
      histories,
    },
    groups,
    edges: Array.from(groups, (_, person) => drawEdges(person, { groups, rng })),
  };
}

function checkShape(shape: SyntheticShape): void {
  const { people, items, groups, rank, intensity, minItems, maxItems } = shape;
  const counts = { people, items, groups, rank, minItems, maxItems };
  for (const [name, value] of Object.entries(counts)) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(
        `Cannot generate ratings: ${name} is ${value}, expected a whole number above 0`,
      );
    }
  }
  if (!Number.isFinite(intensity)) {
    throw new RangeError(
      `Cannot generate ratings: intensity is ${intensity}, expected a finite number`,
    );
  }
  if (minItems > maxItems || maxItems > items) {
    throw new RangeError(
      `Cannot generate ratings: ${minItems} to ${maxItems} items a person of ${items}, ` +
        "expected minItems ≤ maxItems ≤ items",
    );
  }
}

/** Rows of unit length, uniform over directions. */
function directions(rows: number, options: { rank: number; rng: Rng }): Float64Array[] {
  return Array.from(
    { length: rows },
    () => normalise(Float64Array.from({ length: options.rank }, () => options.rng.normal())),
  );
}

function normalise(row: Float64Array): Float64Array {
  const length = Math.sqrt(dot(row, row));
  return row.map((value) => value / length);
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, axis) => sum + value * (b[axis] ?? 0), 0);
}

/** Gumbel top-k: the highest of logit + Gumbel noise are a draw without replacement (Vieira 2014). */
function drawWithoutReplacement(
  logits: readonly number[],
  options: { count: number; rng: Rng },
): Uint32Array {
  const keys = logits.map((logit) => logit - Math.log(-Math.log(openUniform(options.rng))));
  const order = Uint32Array.from(keys, (_, item) => item);
  return order.sort((a, b) => (keys[b] ?? 0) - (keys[a] ?? 0)).slice(0, options.count);
}

/** Uniform in (0, 1): the logarithm of either end would not be finite. */
function openUniform(rng: Rng): number {
  return (rng.u32() + 0.5) / 2 ** 32;
}

/** The drawn items in random order, since the order of the draw would make the last the least liked. */
function historyOf(drawn: Uint32Array, rng: Rng): History {
  const order = permutation(drawn.length, rng);
  return {
    items: order.map((from) => drawn[from] ?? 0),
    ratings: new Float32Array(drawn.length).fill(1),
    times: Float64Array.from(order, (_, at) => FIRST_TIME + at * HOUR_S),
  };
}

function drawEdges(person: number, options: { groups: Uint32Array; rng: Rng }): Uint32Array {
  const { groups, rng } = options;
  const same: number[] = [];
  const other: number[] = [];
  groups.forEach((group, candidate) => {
    if (candidate !== person) (group === groups[person] ? same : other).push(candidate);
  });
  const drawn: number[] = [];
  while (drawn.length < EDGES_PER_PERSON && same.length + other.length > 0) {
    const within = rng.uniform() < EDGE_WITHIN_GROUP;
    const pool = (within && same.length > 0) || other.length === 0 ? same : other;
    drawn.push(...pool.splice(rng.below(pool.length), 1));
  }
  return Uint32Array.from(drawn);
}
