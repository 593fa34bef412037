/**
 * How the rows of a table are dealt out over clients.
 *
 * @module
 */
import { InvalidArgumentError } from "commander";
import type { Rng } from "../../core/random.ts";
import { partitionByRatio, partitionDirichlet } from "../../data/partition.ts";
import { partitionByColumn, type Table } from "../../data/read_table.ts";

/** A way to deal out rows. */
export type Partition =
  /** At random, to all alike. */
  | { readonly kind: "iid" }
  /** With labels skewed: each label's rows by a Dirichlet draw of this concentration. */
  | { readonly kind: "dirichlet"; readonly alpha: number }
  /** One client for each value of a column. */
  | { readonly kind: "column"; readonly name: string };

/** A parser of `iid`, `dirichlet:0.3` or `column:branch`, for an option. */
export function partitionWay(text: string): Partition {
  const [kind = "", ...rest] = text.split(":");
  const value = rest.join(":");
  if (text === "iid") return { kind: "iid" };
  if (kind === "column" && value !== "") return { kind, name: value };
  if (kind === "dirichlet" && /^\d*\.?\d+$/.test(value) && Number(value) > 0) {
    return { kind, alpha: Number(value) };
  }
  throw new InvalidArgumentError("Expected iid, dirichlet:0.3 or column:NAME.");
}

/** What is dealt out, and over how many. */
export interface DealOptions {
  /** How. */
  readonly way: Partition;
  /** Clients, where the table does not tell them. */
  readonly clients: number;
  /** The label of each row. */
  readonly labels: Float32Array;
  /** Decides who gets what. */
  readonly rng: Rng;
}

/** Names and rows of each client; every row is somebody's, and nobody is without one. */
export function dealRows(
  table: Table,
  { way, clients, labels, rng }: DealOptions,
): { readonly id: string; readonly rows: Uint32Array }[] {
  const numbered = (parts: readonly Uint32Array[]) =>
    parts.map((rows, at) => ({ id: String(at), rows })).filter(({ rows }) => rows.length > 0);
  switch (way.kind) {
    case "iid": {
      const ratios = Array.from({ length: clients }, () => 1);
      return numbered(partitionByRatio(labels.length, { ratios, rng }));
    }
    case "dirichlet":
      return numbered(partitionDirichlet(labels, { parts: clients, alpha: way.alpha, rng }));
    case "column":
      return partitionByColumn(table, way.name).map(({ value, rows }) => ({ id: value, rows }));
    default:
      throw way satisfies never;
  }
}
