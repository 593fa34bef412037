/**
 * One person's own vector, solved for on their device from what they took and the items' table.
 *
 * @module
 */
import type { TrainCore } from "../wasm/train.ts";
import { fixTable } from "./fixed_table.ts";
import type { IalsOptions } from "./ials_options.ts";

/** A person as the current table sees them. */
export interface FittedPerson {
  /** `dim` values, kept within the model's range. */
  readonly vector: Float32Array;
  /** Score of every item. */
  readonly scores: Float32Array;
  /** The person's regularised objective for each of their items; in `[0, 1]`, 1 for a zero vector. */
  readonly loss: number;
}

/**
 * `p = (QuᵀQu + a0·G + reg·(n_u + a0·m)·I)⁻¹ Σ q`, scaled down where it is out of range.
 *
 * @param items Row numbers of what the person took, each once.
 * @throws {TributaryError} `model-invalid` if the table admits no solution.
 */
export function fitPerson(
  core: TrainCore,
  { options, table, items }: {
    readonly options: IalsOptions;
    readonly table: Float32Array;
    readonly items: Uint32Array;
  },
): FittedPerson {
  const { dim, a0, reg } = options;
  const ridge = (count: number): number => reg * (count + a0 * options.items);
  using fixed = fixTable(core, { table, dim, a0, ridge });
  const vector = inRange(fixed.solve(items), options);
  const scores = fixed.scores(vector);
  let squares = 0;
  for (const score of scores) squares += score * score;
  let missed = 0;
  for (const item of items) {
    const miss = 1 - (scores[item] ?? 0);
    missed += miss * miss;
  }
  const penalty = ridge(items.length) * squaredLength(vector);
  return {
    vector,
    scores,
    loss: items.length === 0 ? 0 : Math.min((missed + a0 * squares + penalty) / items.length, 1),
  };
}

/** Squared L2 norm. */
export function squaredLength(vector: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) {
    const value = vector[i] ?? 0;
    sum += value * value;
  }
  return sum;
}

function inRange(vector: Float64Array, { form, range }: IalsOptions): Float32Array {
  const extent = form === "newton"
    ? Math.sqrt(squaredLength(vector))
    : vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return Float32Array.from(extent > range ? vector.map((x) => x * (range / extent)) : vector);
}
