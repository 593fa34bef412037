/**
 * What neural collaborative filtering is trained on: pairs of a person and an item, taken or not, as
 * a problem of local training.
 *
 * @module
 */
import { tensorOf } from "../core/tensor.ts";
import type { NamedTensors, TensorSpec } from "../core/tensor.ts";
import type { ParameterSource } from "../nn/layer.ts";
import { bceWithLogits, type Tape } from "../tensor/mod.ts";
import type { LocalProblem } from "./local_training.ts";
import { ITEM_TABLES, type NcfNetwork } from "./ncf_network.ts";

/** Pairs with what became of them, one list each. */
export interface LabelledPairs {
  /** Rows of the person tables; all 0 where there is one person. */
  readonly people: Uint32Array;
  /** Rows of the item tables. */
  readonly items: Uint32Array;
  /** 1 for an item that the person took, 0 for a sampled one. */
  readonly labels: Float32Array;
}

/** One person's items and sampled ones, with as many sampled for each. */
export function pairsOfPerson(positives: Uint32Array, negatives: Uint32Array): LabelledPairs {
  const count = positives.length + negatives.length;
  const items = new Uint32Array(count);
  items.set(positives);
  items.set(negatives, positives.length);
  const labels = new Float32Array(count).fill(1, 0, positives.length);
  return { people: new Uint32Array(count), items, labels };
}

/** What is trained, and what is not. */
export interface NcfProblemOptions {
  /** The network. */
  readonly network: NcfNetwork;
  /** The pairs. */
  readonly pairs: LabelledPairs;
  /** What is trained. */
  readonly parameters: readonly TensorSpec[];
  /** Values of the network's other parameters. */
  readonly fixed?: NamedTensors;
}

/** The mean log loss of pairs. */
export function ncfProblem(
  { network, pairs, parameters, fixed = {} }: NcfProblemOptions,
): LocalProblem {
  const trained = new Set(parameters.map(({ name }) => name));
  return {
    parameters,
    examples: pairs.labels.length,
    bind(parameter, tape) {
      const forward = network.bind((name) =>
        trained.has(name) ? parameter(name) : constantOf(tape, fixed, name)
      );
      return (pass, batch) => {
        const people = pass.tape.indices(batch.map((at) => pairs.people[at] ?? 0));
        const items = pass.tape.indices(batch.map((at) => pairs.items[at] ?? 0));
        const labels = Float32Array.from(batch, (at) => pairs.labels[at] ?? 0);
        const logits = forward(pass, { people, items });
        return bceWithLogits(pass.tape, logits, pass.tape.constant(labels, logits.shape));
      };
    },
  };
}

function constantOf(tape: Tape, fixed: NamedTensors, name: string): ReturnType<ParameterSource> {
  const { data, shape } = tensorOf(fixed, name);
  return tape.constant(data, shape);
}

/** The same tensors, with the rows of some items alone in the item tables. */
export function takeItems(tensors: NamedTensors, items: Uint32Array): NamedTensors {
  const tables = ITEM_TABLES.map((name) => {
    const { shape: [, dim = 0], data } = tensorOf(tensors, name);
    const rows = new Float32Array(items.length * dim);
    items.forEach((item, row) => {
      if ((item + 1) * dim > data.length) {
        throw new RangeError(
          `Cannot take item ${item}: expected one below ${data.length / dim}`,
        );
      }
      rows.set(data.subarray(item * dim, (item + 1) * dim), row * dim);
    });
    return [name, { shape: [items.length, dim], data: rows }] as const;
  });
  return { ...tensors, ...Object.fromEntries(tables) };
}
