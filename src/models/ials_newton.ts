/**
 * What a client sends for the quasi-Newton server step: `dim + 1` values for each of its items.
 *
 * @module
 */
import { zeros } from "../core/tensor.ts";
import type { NamedTensors } from "../core/tensor.ts";
import { triangleLength } from "../wasm/train_linear.ts";
import { type FittedPerson, squaredLength } from "./ials_person.ts";
import type { IalsOptions } from "./ials_options.ts";

/** Number of items up to which a person counts in full. */
const FULL_WEIGHT_ITEMS = 30;

/**
 * With `e = 1 − p·q_i`: `gradient_i = w·e·p` and `strength_i = w·|p|²` for each of the person's
 * items, and once `gram = w·ppᵀ`, `curvature = w·√(n/30)·ppᵀ` (packed triangles) and `weight = w`.
 *
 * `w = min(1, √(30/n))`, shrunk until the norm of all gradients and strengths is at most `clip`, so
 * that what the client says about curvature shrinks with what it says about the slope. The server
 * only uses the *direction* of the summed curvature, so the 30 cancels; it keeps `w·√(n/30)` within
 * `[0, 1]`. Who took nothing says nothing.
 */
export function newtonSums(
  person: FittedPerson,
  { options, items }: { readonly options: IalsOptions; readonly items: Uint32Array },
): NamedTensors {
  const { vector, scores } = person;
  const { dim } = options;
  const sums = {
    gradient: zeros([options.items, dim]),
    strength: zeros([options.items]),
    gram: zeros([triangleLength(dim)]),
    curvature: zeros([triangleLength(dim)]),
    weight: zeros([1]),
  };
  if (items.length === 0) return sums;

  const squared = squaredLength(vector);
  let slopes = 0;
  for (const item of items) {
    const miss = 1 - (scores[item] ?? 0);
    slopes += miss * miss;
  }
  const norm = Math.sqrt(slopes * squared + items.length * squared * squared);
  const fair = Math.min(1, Math.sqrt(FULL_WEIGHT_ITEMS / items.length));
  const weight = norm * fair > options.clip ? options.clip / norm : fair;

  for (const item of items) {
    const slope = weight * (1 - (scores[item] ?? 0));
    for (let j = 0; j < dim; j++) sums.gradient.data[item * dim + j] = slope * (vector[j] ?? 0);
    sums.strength.data[item] = weight * squared;
  }
  const spread = weight * Math.sqrt(items.length / FULL_WEIGHT_ITEMS);
  outerProduct(vector, (at, product) => {
    sums.gram.data[at] = weight * product;
    sums.curvature.data[at] = spread * product;
  });
  sums.weight.data[0] = weight;
  return sums;
}

/** Visits the entries of the packed lower triangle of `vector·vectorᵀ`. */
export function outerProduct(
  vector: ArrayLike<number>,
  visit: (at: number, product: number) => void,
): void {
  let at = 0;
  for (let i = 0; i < vector.length; i++) {
    for (let j = 0; j <= i; j++) visit(at++, (vector[i] ?? 0) * (vector[j] ?? 0));
  }
}
