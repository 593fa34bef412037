/**
 * The network of neural collaborative filtering (He et al., WWW 2017, "NeuMF").
 *
 * Its first half multiplies the vectors of a person and an item value by value, as matrix
 * factorisation does; its second half puts other vectors of both through dense layers; a last layer
 * weighs what comes out of the two.
 *
 * @module
 */
import { type Initialiser, ZEROS } from "../nn/initial.ts";
import type { ParameterSource } from "../nn/layer.ts";
import { bindPart, partParameters, type Pass, sequential } from "../nn/layer.ts";
import { linear } from "../nn/linear.ts";
import type { ParameterSpec } from "../nn/parameters.ts";
import {
  concat,
  embedding,
  type Indices,
  multiply,
  reshape,
  type Variable,
} from "../tensor/mod.ts";
import type { NcfOptions } from "./ncf_options.ts";

/** Parameters with a row for each item. */
export const ITEM_TABLES: readonly string[] = ["product.item", "layers.item"];
/** Parameters with a row for each person. */
export const PERSON_TABLES: readonly string[] = ["product.person", "layers.person"];

/** Pairs of a person and an item, by rows of their tables. */
export interface NcfPairs {
  /** As many as items. */
  readonly people: Indices;
  /** One a pair. */
  readonly items: Indices;
}

/** The scores of pairs, `[pairs]`: logits of whether the person takes the item. */
export type NcfForward = (pass: Pass, pairs: NcfPairs) => Variable;

/** The network's parameters, and what it computes. */
export interface NcfNetwork {
  /** What all clients share: item tables and layers. */
  readonly shared: readonly ParameterSpec[];
  /** The network over parameters that lie somewhere, the person tables among them. */
  bind(parameter: ParameterSource): NcfForward;
}

/** Parameters of tables of `rows` rows. */
export function tableSpecs(
  names: readonly string[],
  { rows, dim, initial }: {
    readonly rows: number;
    readonly dim: number;
    readonly initial: Initialiser;
  },
): ParameterSpec[] {
  return names.map((name) => ({ name, shape: [rows, dim], initial }));
}

/** The network of some settings. */
export function ncfNetwork({ items, dim, hidden }: NcfOptions): NcfNetwork {
  const widths = [2 * dim, ...hidden];
  const parts = Object.fromEntries(
    hidden.map((outputs, at) => [
      `hidden${at + 1}`,
      linear({ inputs: widths[at] ?? 0, outputs, activation: "relu" }),
    ]),
  );
  const layers = sequential(parts);
  const output = linear({ inputs: dim + (hidden.at(-1) ?? 0), outputs: 1 });
  const tables = tableSpecs(ITEM_TABLES, {
    rows: items,
    dim,
    initial: { kind: "normal", sd: 0.1 },
  });
  return {
    shared: [...tables, ...partParameters({ layers, output })],
    bind(parameter) {
      const [productPerson, layersPerson] = PERSON_TABLES.map(parameter) as [Variable, Variable];
      const [productItem, layersItem] = ITEM_TABLES.map(parameter) as [Variable, Variable];
      const through = bindPart(layers, "layers", parameter);
      const weigh = bindPart(output, "output", parameter);
      return (pass, { people, items }) => {
        const { tape } = pass;
        const product = multiply(
          tape,
          embedding(tape, productPerson, people),
          embedding(tape, productItem, items),
        );
        const joined = concat(tape, [
          embedding(tape, layersPerson, people),
          embedding(tape, layersItem, items),
        ]);
        const logits = weigh(pass, concat(tape, [product, through(pass, joined)]));
        return reshape(tape, logits, [items.size]);
      };
    },
  };
}

/** Person tables that start at nothing, for one person of whom nothing is known. */
export function newPersonSpecs(dim: number): ParameterSpec[] {
  return tableSpecs(PERSON_TABLES, { rows: 1, dim, initial: ZEROS });
}
