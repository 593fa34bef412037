/**
 * The closing table of a run, for a terminal.
 *
 * @module
 */
import Table from "cli-table3";
import { formatRate } from "./format.ts";
import type { MethodResult } from "./run_record.ts";

/** Draws results as a table of text, one line a method. */
export function renderResults(results: readonly MethodResult[]): string {
  return renderFigures(
    ["method", "HR@10", "NDCG@10", "recall@10", "coverage@10"],
    results.map((row) => [
      row.method,
      ...[row.hitRate, row.ndcg, row.recall, row.coverage].map(formatRate),
    ]),
  );
}

/** Draws a table of text: a name, then figures, a line each. */
export function renderFigures(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const table = new Table({
    head: [...head],
    colAligns: head.map((_, at) => at === 0 ? "left" : "right"),
    style: { head: [], border: [] },
  });
  for (const row of rows) table.push([...row]);
  return table.toString();
}
