/**
 * What a client sends for the exact server step: its part of every item's normal equations.
 *
 * @module
 */
import { zeros } from "../core/tensor.ts";
import type { NamedTensors } from "../core/tensor.ts";
import { triangleLength } from "../wasm/train_linear.ts";
import { outerProduct } from "./ials_newton.ts";
import type { IalsOptions } from "./ials_options.ts";
import type { FittedPerson } from "./ials_person.ts";

/**
 * For each of the person's items `outer_i = ppᵀ` (a packed triangle), `linear_i = p` and
 * `count_i = 1`; and once `gram = ppᵀ`.
 */
export function exactSums(
  person: FittedPerson,
  { options, items }: { readonly options: IalsOptions; readonly items: Uint32Array },
): NamedTensors {
  const { dim } = options;
  const size = triangleLength(dim);
  const gram = zeros([size]);
  outerProduct(person.vector, (at, product) => gram.data[at] = product);
  const outer = zeros([options.items, size]);
  const linear = zeros([options.items, dim]);
  const count = zeros([options.items]);
  for (const item of items) {
    outer.data.set(gram.data, item * size);
    linear.data.set(person.vector, item * dim);
    count.data[item] = 1;
  }
  return { outer, linear, count, gram };
}
