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
  const table = new Table({
    head: ["method", "HR@10", "NDCG@10", "recall@10", "coverage@10"],
    colAligns: ["left", "right", "right", "right", "right"],
    style: { head: [], border: [] },
  });
  for (const row of results) {
    const rates = [row.hitRate, row.ndcg, row.recall, row.coverage];
    table.push([row.method, ...rates.map(formatRate)]);
  }
  return table.toString();
}
