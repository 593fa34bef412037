/**
 * Tables that are made up, for the tests of models over tables.
 *
 * @module
 */
import { seededRng } from "../core/random.ts";
import type { TableExamples } from "./model.ts";

/** What the label of a row is made from. */
export type Rule = (x: readonly number[]) => number;

/** Rows of `width` values around 0, labelled by a rule. */
export function inventTable(
  rule: Rule,
  { rows, width, seed }: { rows: number; width: number; seed: number },
): TableExamples & { readonly kind: "table" } {
  const rng = seededRng(new Uint8Array(32).fill(seed));
  const table = Array.from({ length: rows }, () => Array.from({ length: width }, rng.normal));
  return {
    kind: "table",
    features: Float32Array.from(table.flat()),
    labels: Float32Array.from(table, rule),
  };
}
