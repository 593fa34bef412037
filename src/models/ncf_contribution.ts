/**
 * What a client of neural collaborative filtering sends: what became of its rows and of the layers.
 *
 * @module
 */
import { sizeOf, tensorOf, zeros } from "../core/tensor.ts";
import type { NamedTensors, Tensor } from "../core/tensor.ts";
import type { SumsContribution, WeightsContribution } from "../core/trainer.ts";
import { ITEM_TABLES } from "./ncf_network.ts";

/** What local training changed. */
export interface NcfChange {
  /** The model as it was received. */
  readonly model: NamedTensors;
  /** Items whose rows were trained. */
  readonly items: Uint32Array;
  /** The tensors after training, with those rows alone in the item tables. */
  readonly trained: NamedTensors;
}

/** Changes of all tensors, shrunk to an L2 norm of `clip`, and a 1 for each item that was trained. */
export function sumsOf(change: NcfChange, clip: number): Pick<SumsContribution, "sums"> {
  const { model, items } = change;
  const changes = Object.entries(model).map(([name, { shape, data }]) => {
    const difference = zeros(shape);
    eachValue(
      change,
      { name, shape },
      (at, value) => difference.data[at] = value - (data[at] ?? 0),
    );
    return [name, difference] as const;
  });
  let squares = 0;
  for (const [, { data }] of changes) for (const value of data) squares += value * value;
  const factor = clip / Math.sqrt(squares);
  if (factor < 1) {
    for (const [, { data }] of changes) {
      for (let i = 0; i < data.length; i++) data[i] = factor * (data[i] ?? 0);
    }
  }
  const count = zeros([rowsOf(model)]);
  for (const item of items) count.data[item] = 1;
  return { sums: { ...Object.fromEntries(changes), count } };
}

/** The whole new weights. */
export function weightsOf(change: NcfChange): Pick<WeightsContribution, "weights"> {
  const weights = Object.entries(change.model).map(([name, { shape, data }]) => {
    const own = data.slice();
    eachValue(change, { name, shape }, (at, value) => own[at] = value);
    return [name, { shape, data: own }] as const;
  });
  return { weights: Object.fromEntries(weights) };
}

/** Visits the trained values of a tensor, with their places in the whole of it. */
function eachValue(
  { items, trained }: NcfChange,
  { name, shape }: { readonly name: string; readonly shape: Tensor["shape"] },
  visit: (at: number, value: number) => void,
): void {
  const { data } = tensorOf(trained, name);
  if (!ITEM_TABLES.includes(name)) {
    for (let i = 0; i < data.length; i++) visit(i, data[i] ?? 0);
    return;
  }
  const dim = sizeOf(shape.slice(1));
  items.forEach((item, row) => {
    for (let k = 0; k < dim; k++) visit(item * dim + k, data[row * dim + k] ?? 0);
  });
}

function rowsOf(model: NamedTensors): number {
  return model[ITEM_TABLES[0] ?? ""]?.shape[0] ?? 0;
}
