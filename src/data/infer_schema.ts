/**
 * A schema out of a table that is at hand, to be written into a task.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import { readNumber } from "./encode_table.ts";
import { columnOf } from "./read_table.ts";
import type { Table } from "./read_table.ts";
import { quoteValue } from "./source_file.ts";
import {
  type CategoricalColumn,
  type NumericColumn,
  type TableColumn,
  type TableSchema,
  tableSchema,
  type Uncovered,
} from "./table_schema.ts";

/** What is known of a column beforehand. */
export interface ColumnHint {
  /** What it is; where this is absent, a column of nothing but numbers is numeric. */
  readonly kind?: "numeric" | "categorical" | undefined;
  /** Numeric: take ln(1 + x) first, for numbers that a few rows have far more of than the rest. */
  readonly log1p?: boolean | undefined;
  /**
   * Numeric: edges of buckets, or into how many buckets of about equally many rows to cut. Equal
   * numbers stay in one bucket, so that there may be fewer.
   */
  readonly buckets?: readonly number[] | number | undefined;
  /** Categorical: how many rows a value must have to get a feature (default 1). */
  readonly leastRows?: number | undefined;
  /** What becomes of a missing cell (default `slot` if the table has one, otherwise `zeros`). */
  readonly missing?: Uncovered | undefined;
  /** Categorical: what becomes of other values (default `slot` if some are rare, otherwise `zeros`). */
  readonly unknown?: Uncovered | undefined;
}

/** What must be said of a table, and what may be. */
export interface InferSchemaOptions {
  /** What is to be learned. Every value that is not `positive` is negative, unless it is given. */
  readonly label: {
    readonly name: string;
    readonly positive: readonly string[];
    readonly negative?: readonly string[] | undefined;
  };
  /** Columns that are left out, such as a number of the row. */
  readonly exclude?: readonly string[] | undefined;
  /** Hints by the name of a column. */
  readonly columns?: Readonly<Record<string, ColumnHint>> | undefined;
  /** Texts that stand for a missing cell (default the empty text and `?`). */
  readonly missing?: readonly string[] | undefined;
}

/**
 * The schema of a table: its columns in their order, without the label's, numbers by their mean and
 * standard deviation, names in alphabetical order. It depends on which rows there are, not on their
 * order.
 *
 * What it says of the table is seen by all clients of a task, so that it ought to be taken from rows
 * that may be shown: a public sample, or rows of the task's owner.
 *
 * @throws {TributaryError} `bad-data` if a column that is named is not there, is said to be numeric
 *   and has a cell that is no number, or has no cell that is not missing.
 * @throws {RangeError} If a number of buckets is not whole or below 2.
 *
 * @example Into how many buckets, and which names are too rare
 * ```ts
 * import { inferSchema } from "./infer_schema.ts";
 * import { readTable } from "./read_table.ts";
 *
 * const bytes = new TextEncoder().encode("age,job,rich\n20,clerk,no\n30,clerk,no\n40,king,yes\n");
 * const { columns } = inferSchema(readTable({ name: "people.csv", bytes }), {
 *   label: { name: "rich", positive: ["yes"] },
 *   columns: { age: { buckets: 3 }, job: { leastRows: 2 } },
 * });
 * if (columns[0]?.kind !== "numeric" || columns[0].edges?.join() !== "30,40") throw new Error();
 * if (columns[1]?.kind !== "categorical" || columns[1].unknown !== "slot") throw new Error();
 * ```
 */
export function inferSchema(table: Table, options: InferSchemaOptions): TableSchema {
  const { label, exclude = [], columns: hints = {}, missing = ["", "?"] } = options;
  for (const name of [...exclude, ...Object.keys(hints)]) columnOf(table, name);
  const left = new Set([label.name, ...exclude]);
  const negative = label.negative ??
    [...new Set(columnOf(table, label.name))].filter((text) => !label.positive.includes(text))
      .sort();
  const columns = table.columns.filter((name) => !left.has(name)).map((name) => {
    const present = columnOf(table, name).filter((text) => !missing.includes(text));
    const hint = Object.hasOwn(hints, name) ? hints[name] ?? {} : {};
    return inferColumn({ table, name, present }, hint);
  });
  return tableSchema({ columns, label: { ...label, negative }, missing });
}

/** A column's cells, without the missing ones. */
interface Present {
  readonly table: Table;
  readonly name: string;
  readonly present: readonly string[];
}

function inferColumn(found: Present, hint: ColumnHint): TableColumn {
  const { table, name, present } = found;
  if (present.length === 0) {
    throw new TributaryError(
      "bad-data",
      `Cannot tell what column ${
        quoteValue(name)
      } of ${table.file} is: all its cells are missing, ` +
        "expected some, or the column among the excluded",
    );
  }
  const missing = hint.missing ?? (present.length < table.lines.length ? "slot" : "zeros");
  const numbers = present.map((text) => readNumber(text, hint.log1p === true));
  const stranger = numbers.indexOf(undefined);
  if ((hint.kind ?? (stranger < 0 ? "numeric" : "categorical")) === "categorical") {
    return categorical(found, { hint, missing });
  }
  if (stranger >= 0) {
    throw new TributaryError(
      "bad-data",
      `Cannot take column ${quoteValue(name)} of ${table.file} as numeric: found ${
        quoteValue(present[stranger] ?? "")
      }, expected ${hint.log1p === true ? "numbers above -1" : "numbers"} only`,
    );
  }
  return numeric(name, { values: numbers.map((value) => value ?? 0), hint, missing });
}

function categorical(
  { name, present }: Present,
  { hint, missing }: { hint: ColumnHint; missing: Uncovered },
): CategoricalColumn {
  const counts = new Map<string, number>();
  for (const text of present) counts.set(text, (counts.get(text) ?? 0) + 1);
  const values = [...counts.keys()].filter((text) =>
    (counts.get(text) ?? 0) >= (hint.leastRows ?? 1)
  );
  const unknown = hint.unknown ?? (values.length < counts.size ? "slot" : "zeros");
  return { kind: "categorical", name, values: values.sort(), unknown, missing };
}

function numeric(
  name: string,
  { values, hint, missing }: { values: readonly number[]; hint: ColumnHint; missing: Uncovered },
): NumericColumn {
  const sorted = values.toSorted((a, b) => a - b);
  // Added in ascending order, so that the order of the rows does not show in the last bits.
  const center = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
  const edges = hint.buckets === undefined ? [] : edgesOf(sorted, hint.buckets);
  const variance = sorted.reduce((sum, value) => sum + (value - center) ** 2, 0) / sorted.length;
  return {
    kind: "numeric",
    name,
    center,
    scale: Math.sqrt(variance) || 1,
    ...(hint.log1p === true && { log1p: true }),
    ...(edges.length > 0 && { edges }),
    missing,
  };
}

function edgesOf(
  sorted: readonly number[],
  buckets: readonly number[] | number,
): readonly number[] {
  if (typeof buckets !== "number") return buckets;
  if (!Number.isInteger(buckets) || buckets < 2) {
    throw new RangeError(`Cannot cut into ${buckets} buckets: expected a whole number from 2`);
  }
  // With more buckets than rows, each row begins one.
  const count = Math.min(buckets, sorted.length);
  const cuts = Array.from(
    { length: count - 1 },
    (_, at) => sorted[Math.floor((at + 1) * sorted.length / count)] ?? 0,
  );
  const edges = [...new Set(cuts)].filter((edge) => edge > (sorted[0] ?? edge));
  // Most are equal to the least: the others are cut off, where there are any.
  return edges.length > 0 ? edges : sorted.filter((x) => x > (sorted[0] ?? x)).slice(0, 1);
}
