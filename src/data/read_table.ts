/**
 * Tables of text: rows of named columns, before anybody says what the columns mean.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import { eachRecord } from "./delimited.ts";
import { partitionByPerson } from "./partition.ts";
import { countFields } from "./read_csv.ts";
import { badLine, quoteValue } from "./source_file.ts";
import type { SourceFile } from "./source_file.ts";

/** The cells of a file, by column. */
export interface Table {
  /** Name of the file, for messages. */
  readonly file: string;
  /** Names of the columns, each once. */
  readonly columns: readonly string[];
  /** Text of the cells, one list a column, all of the same length. */
  readonly cells: readonly (readonly string[])[];
  /** Line of each row in the file, from 1. */
  readonly lines: Uint32Array;
}

/** How a table stands in its file. */
export interface TableLayout {
  /** Names of the columns, where the first line does not tell them. */
  readonly columns?: readonly string[] | undefined;
  /** What stands between two fields (default `,`). */
  readonly delimiter?: string | undefined;
  /** How a line begins that is passed over; none is by default. */
  readonly comment?: string | undefined;
}

/**
 * Reads a table: one row a line, fields perhaps in double quotes, blanks around them dropped.
 *
 * @param file UTF-8 with or without byte order mark, any line ends.
 * @throws {TributaryError} `bad-data`, naming file, line, and what was expected: a column without a
 *   name or with that of another, a row of another length than the header, or no rows at all.
 *
 * @example Two people
 * ```ts
 * import { readTable } from "./read_table.ts";
 *
 * const bytes = new TextEncoder().encode('age;job\n39;"clerk"\n50;?\n');
 * const table = readTable({ name: "people.csv", bytes }, { delimiter: ";" });
 * if (table.cells[1]?.join() !== "clerk,?" || table.lines[1] !== 3) throw new Error();
 * ```
 */
export function readTable(file: SourceFile, layout: TableLayout = {}): Table {
  const { delimiter = ",", comment } = layout;
  let columns = layout.columns && checkColumns(layout.columns, { file: file.name });
  const cells: string[][] = (columns ?? []).map(() => []);
  const lines: number[] = [];
  eachRecord(file, {
    layout: { delimiter, quotes: true, comment },
    take(fields, line) {
      if (columns === undefined) {
        columns = checkColumns(fields, { file: file.name, line });
        columns.forEach(() => cells.push([]));
        return;
      }
      if (fields.length !== columns.length) {
        throw badLine(file.name, {
          line,
          found: `has ${countFields(fields.length)}`,
          expected: `${columns.length}, one for each column`,
        });
      }
      fields.forEach((field, column) => cells[column]?.push(field));
      lines.push(line);
    },
  });
  if (lines.length === 0) {
    throw new TributaryError(
      "bad-data",
      `Cannot read ${file.name}: it holds no rows, expected at least one`,
    );
  }
  return { file: file.name, columns: columns ?? [], cells, lines: Uint32Array.from(lines) };
}

function checkColumns(
  columns: readonly string[],
  { file, line }: { file: string; line?: number },
): readonly string[] {
  const bad = columns.find((name, at) => name === "" || columns.indexOf(name) !== at);
  if (bad === undefined && columns.length > 0) return columns;
  const found = bad === undefined
    ? "no columns"
    : bad === ""
    ? "a column without a name"
    : `the column ${quoteValue(bad)} twice`;
  const expected = "a name for each column, each once";
  if (line !== undefined) throw badLine(file, { line, found: `has ${found}`, expected });
  throw new RangeError(`Cannot read ${file} by ${found}, expected ${expected}`);
}

/**
 * The cells of one column.
 *
 * @throws {TributaryError} `bad-data` if there is no such column.
 */
export function columnOf(table: Table, name: string): readonly string[] {
  const cells = table.cells[table.columns.indexOf(name)];
  if (cells !== undefined) return cells;
  throw new TributaryError(
    "bad-data",
    `Cannot use column ${quoteValue(name)} of ${table.file}: its columns are ${
      quoteValue(table.columns.join(", "))
    }, expected one of them`,
  );
}

/**
 * One part of rows for each value of a column, in order of first appearance: a client for each
 * branch, person or region that a table tells of.
 *
 * @throws {TributaryError} `bad-data` if there is no such column.
 */
export function partitionByColumn(
  table: Table,
  name: string,
): readonly { readonly value: string; readonly rows: Uint32Array }[] {
  const cells = columnOf(table, name);
  const values = [...new Set(cells)];
  const position = new Map(values.map((value, index) => [value, index]));
  const parts = partitionByPerson(Uint32Array.from(cells, (cell) => position.get(cell) ?? 0));
  return values.map((value, at) => ({ value, rows: parts[at] ?? new Uint32Array() }));
}
