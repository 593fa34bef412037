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
  let squares = 0;
  eachTensor(change, ({ data }, at, value) => squares += (value - (data[at] ?? 0)) ** 2);
  const factor = Math.min(1, clip / Math.sqrt(squares));
  const sums = emptied(model);
  eachTensor(change, ({ data, name }, at, value) => {
    const sum = sums[name];
    if (sum !== undefined) sum.data[at] = factor * (value - (data[at] ?? 0));
  });
  const count = zeros([rowsOf(model)]);
  for (const item of items) count.data[item] = 1;
  return { sums: { ...sums, count } };
}

/** The whole new weights. */
export function weightsOf(change: NcfChange): Pick<WeightsContribution, "weights"> {
  const weights = structuredClone(change.model);
  eachTensor(change, ({ name }, at, value) => {
    const own = weights[name];
    if (own !== undefined) own.data[at] = value;
  });
  return { weights };
}

function emptied(model: NamedTensors): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(model).map(([name, { shape }]) => [name, zeros(shape)]),
  );
}

/** A tensor of the model, and one value of what became of it. */
type Visit = (
  tensor: { readonly name: string; readonly data: Float32Array },
  at: number,
  value: number,
) => void;

/** Visits all trained values, with their places in the whole of each tensor. */
function eachTensor({ model, items, trained }: NcfChange, visit: Visit): void {
  for (const [name, { shape, data }] of Object.entries(model)) {
    const tensor = { name, data };
    const own = tensorOf(trained, name).data;
    if (!ITEM_TABLES.includes(name)) {
      for (let i = 0; i < own.length; i++) visit(tensor, i, own[i] ?? 0);
      continue;
    }
    const dim = sizeOf(shape.slice(1));
    items.forEach((item, row) => {
      for (let k = 0; k < dim; k++) visit(tensor, item * dim + k, own[row * dim + k] ?? 0);
    });
  }
}

function rowsOf(model: NamedTensors): number {
  return model[ITEM_TABLES[0] ?? ""]?.shape[0] ?? 0;
}
