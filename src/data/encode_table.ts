/**
 * Rows of a table as the features and labels that a model is trained on.
 *
 * @module
 */
import { isNumber } from "./rating_table.ts";
import { columnOf } from "./read_table.ts";
import type { Table } from "./read_table.ts";
import { badLine, quoteValue } from "./source_file.ts";
import {
  type CategoricalColumn,
  columnWidth,
  type NumericColumn,
  ownFeatures,
  type TableColumn,
  type TableSchema,
  tableWidth,
} from "./table_schema.ts";

/** Rows as numbers. */
export interface EncodedTable {
  /** Tells the forms of examples apart. */
  readonly kind: "table";
  /** Rows × features, row by row, finite. */
  readonly features: Float32Array;
  /** 1 or 0 for each row. */
  readonly labels: Float32Array;
}

/** Where a cell's features go, and what cannot be read of it. */
interface Cell {
  readonly text: string;
  readonly missing: boolean;
  /** The features of the column in this row, all zero before. */
  readonly out: Float32Array;
  readonly refuse: (found: string, expected: string) => Error;
}

/**
 * Features and labels of every row, by a schema.
 *
 * @throws {TributaryError} `bad-data`, naming file, line, and what was expected: a column that the
 *   table lacks, a number that is none, a name or a missing cell that the schema refuses, a label
 *   that is neither positive nor negative.
 *
 * @example A number and a name
 * ```ts
 * import { encodeTable } from "./encode_table.ts";
 * import { readTable } from "./read_table.ts";
 *
 * const bytes = new TextEncoder().encode("age,job,rich\n39,clerk,no\n50,?,yes\n");
 * const { features, labels } = encodeTable(readTable({ name: "people.csv", bytes }), {
 *   columns: [
 *     { kind: "numeric", name: "age", center: 40, scale: 10, missing: "zeros" },
 *     { kind: "categorical", name: "job", values: ["clerk"], unknown: "zeros", missing: "slot" },
 *   ],
 *   label: { name: "rich", positive: ["yes"], negative: ["no"] },
 *   missing: ["?"],
 * });
 * if (features.map((x) => Math.fround(x * 10)).join() !== "-1,10,0,10,0,10") throw new Error();
 * if (labels.join() !== "0,1") throw new Error();
 * ```
 */
export function encodeTable(table: Table, schema: TableSchema): EncodedTable {
  const width = tableWidth(schema);
  const missing = new Set(schema.missing);
  const features = new Float32Array(table.lines.length * width);
  let offset = 0;
  for (const column of schema.columns) {
    const encode = encoder(column);
    const size = columnWidth(column);
    columnOf(table, column.name).forEach((text, row) => {
      const at = row * width + offset;
      encode({
        text,
        missing: missing.has(text),
        out: features.subarray(at, at + size),
        refuse: (found, expected) => refuse(table, { row, column: column.name, found, expected }),
      });
    });
    offset += size;
  }
  return { kind: "table", features, labels: encodeLabels(table, schema) };
}

/** 1 or 0 for each row. */
function encodeLabels(table: Table, { label }: TableSchema): Float32Array {
  const values = new Map([
    ...label.negative.map((value) => [value, 0] as const),
    ...label.positive.map((value) => [value, 1] as const),
  ]);
  return Float32Array.from(columnOf(table, label.name), (text, row) => {
    const value = values.get(text);
    if (value !== undefined) return value;
    throw refuse(table, {
      row,
      column: label.name,
      found: quoteValue(text),
      expected: `one of ${[...values.keys()].map(quoteValue).join(", ")}`,
    });
  });
}

function encoder(column: TableColumn): (cell: Cell) => void {
  return column.kind === "numeric" ? numericEncoder(column) : categoricalEncoder(column);
}

function numericEncoder(column: NumericColumn): (cell: Cell) => void {
  const { center, scale, edges, log1p = false } = column;
  return (cell) => {
    if (cell.missing) {
      return leaveOut(cell, {
        as: column.missing,
        slot: ownFeatures(column),
        expected: "a number",
      });
    }
    const value = readNumber(cell.text, log1p);
    if (value === undefined) {
      throw cell.refuse(
        quoteValue(cell.text),
        log1p ? "a finite number above -1" : "a finite number",
      );
    }
    if (edges !== undefined) {
      cell.out[edges.filter((edge) => edge <= value).length] = 1;
      return;
    }
    const feature = (value - center) / scale;
    if (!Number.isFinite(Math.fround(feature))) {
      throw cell.refuse(
        quoteValue(cell.text),
        `a number nearer to ${center}, on a scale of ${scale}`,
      );
    }
    cell.out[0] = feature;
  };
}

/** A finite number as a schema's `center` and `edges` see it; nothing if the text is none. */
export function readNumber(text: string, log1p: boolean): number | undefined {
  if (!isNumber(text)) return undefined;
  const value = log1p ? Math.log1p(Number(text)) : Number(text);
  return Number.isFinite(Math.fround(value)) ? value : undefined;
}

function categoricalEncoder(column: CategoricalColumn): (cell: Cell) => void {
  const own = new Map(column.values.map((value, index) => [value, index]));
  const unknownSlot = own.size;
  const missingSlot = own.size + (column.unknown === "slot" ? 1 : 0);
  return (cell) => {
    // A value that the schema names is never missing, whatever it looks like.
    const slot = own.get(cell.text);
    if (slot !== undefined) cell.out[slot] = 1;
    else if (cell.missing) {
      leaveOut(cell, { as: column.missing, slot: missingSlot, expected: "a value" });
    } else {
      const expected = `one of the ${own.size} values of the schema`;
      leaveOut(cell, { as: column.unknown, slot: unknownSlot, expected });
    }
  };
}

/** What becomes of a cell that has none of the column's own features. */
function leaveOut(
  cell: Cell,
  { as, slot, expected }: { as: "slot" | "zeros" | "refuse"; slot: number; expected: string },
): void {
  if (as === "refuse") throw cell.refuse(quoteValue(cell.text), expected);
  if (as === "slot") cell.out[slot] = 1;
}

function refuse(
  table: Table,
  { row, column, found, expected }: {
    row: number;
    column: string;
    found: string;
    expected: string;
  },
): Error {
  return badLine(table.file, {
    line: table.lines[row] ?? 0,
    found: `has ${found} as ${quoteValue(column)}`,
    expected,
  });
}

/**
 * Some rows of a table, in the order given: one client's part.
 *
 * @throws {RangeError} If there is no such row.
 */
export function takeRows(table: EncodedTable, rows: Uint32Array): EncodedTable {
  const count = table.labels.length;
  const width = count === 0 ? 0 : table.features.length / count;
  const features = new Float32Array(rows.length * width);
  const labels = new Float32Array(rows.length);
  rows.forEach((row, at) => {
    if (row >= count) {
      throw new RangeError(`Cannot take row ${row} of ${count}: expected one below`);
    }
    features.set(table.features.subarray(row * width, (row + 1) * width), at * width);
    labels[at] = table.labels[row] ?? 0;
  });
  return { kind: "table", features, labels };
}
