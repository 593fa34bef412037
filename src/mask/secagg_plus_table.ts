/**
 * How many neighbours a client of `secagg_plus` shares its keys with, and how many of them give one
 * back.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";

/** A degree and a threshold. */
export interface SecaggParameters {
  /** Others that each client shares its keys with. */
  readonly neighbours: number;
  /** How many of them must survive, and give a secret back. */
  readonly threshold: number;
}

/**
 * J. H. Bell et al., "Secure single-server aggregation with (poly)logarithmic overhead" (2020), for a
 * root that is honest while keys are collected and may do anything afterwards, a tenth of the clients
 * on its side and another tenth lost: most clients, neighbours, threshold.
 */
const TABLE: readonly (readonly [clients: number, neighbours: number, threshold: number])[] = [
  [100, 32, 22],
  [200, 56, 39],
  [500, 82, 57],
  [1000, 96, 67],
  [10_000, 122, 85],
];

/**
 * The parameters of a task of at most so many clients: those of the table's next larger number, as
 * what is enough for more is enough for fewer.
 *
 * @throws {TributaryError} `task-refused` beyond the table.
 *
 * @example
 * ```ts
 * import { secaggParameters } from "./mod.ts";
 *
 * const { neighbours, threshold } = secaggParameters(1000);
 * if (neighbours !== 96 || threshold !== 67) throw new Error("not the table's");
 * ```
 */
export function secaggParameters(clients: number): SecaggParameters {
  const row = TABLE.find(([most]) => clients <= most);
  if (row === undefined) {
    throw new TributaryError(
      "task-refused",
      `Cannot mask among ${clients} clients by secagg_plus: expected at most 10000`,
    );
  }
  const [, neighbours, threshold] = row;
  return { neighbours, threshold };
}

/**
 * The parameters of a round with so many clients: the task's, or where these are too few for a graph
 * of that degree, everybody is everybody's neighbour and more than two thirds of them must answer, so
 * that up to a third may be on the root's side.
 */
export function roundParameters(clients: number, task: SecaggParameters): SecaggParameters {
  const others = clients - 1;
  return others > task.neighbours
    ? task
    : { neighbours: others, threshold: Math.floor(2 * others / 3) + 1 };
}
