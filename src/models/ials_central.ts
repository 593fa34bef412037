/**
 * Implicit ALS where all data lies in one place: what the federated forms are compared with.
 *
 * @module
 */
import type { TrainCore } from "../wasm/train.ts";
import { fixTable } from "./fixed_table.ts";
import type { IalsOptions } from "./ials_options.ts";

/** What is factorised, and for how long. */
export interface CentralInput {
  /** The objective; `form`, `clip` and `range` have no part in it. */
  readonly options: IalsOptions;
  /** Items that each person took, each once. */
  readonly people: readonly Uint32Array[];
  /** Item table to start from, such as the model's `initial`; not changed. */
  readonly table: Float32Array<ArrayBuffer>;
  /** How often all people, then all items, are solved for. */
  readonly sweeps: number;
}

/**
 * Alternates between all people and all items; the objective of {@link ials}.
 *
 * @returns The item table. People's vectors follow from it, as on a device.
 * @throws {RangeError} If an item is outside the table.
 */
export function ialsCentral(
  core: TrainCore,
  { options, people, table, sweeps }: CentralInput,
): Float32Array<ArrayBuffer> {
  const { dim, a0, reg } = options;
  const takers = takersOf(people, options.items);
  const solveAll = (
    fixed: Float32Array,
    lists: readonly Uint32Array[],
  ): Float32Array<ArrayBuffer> => {
    const ridge = (count: number): number => reg * (count + a0 * (fixed.length / dim));
    using rows = fixTable(core, { table: fixed, dim, a0, ridge });
    const solved = new Float32Array(lists.length * dim);
    lists.forEach((list, at) => solved.set(rows.solve(list), at * dim));
    return solved;
  };
  let items = table;
  for (let sweep = 0; sweep < sweeps; sweep++) items = solveAll(solveAll(items, people), takers);
  return items;
}

/** The people who took each item. */
function takersOf(people: readonly Uint32Array[], items: number): Uint32Array[] {
  const takers: number[][] = Array.from({ length: items }, () => []);
  people.forEach((list, person) => list.forEach((item) => takers[item]?.push(person)));
  return takers.map((list) => Uint32Array.from(list));
}
