/**
 * A table on disk, and the file that says what its columns mean.
 *
 * @module
 */
import { basename } from "node:path";
import * as v from "valibot";
import { TributaryError } from "../../core/errors.ts";
import { unpackGzip } from "../../data/gzip.ts";
import type { InferSchemaOptions } from "../../data/infer_schema.ts";
import { readTable, type Table, type TableLayout } from "../../data/read_table.ts";
import type { SourceFile } from "../../data/source_file.ts";
import { readJsonMessage } from "../../wire/message.ts";

/** What a schema file says. */
export interface TableReading {
  /** How the table stands in its file. */
  readonly layout: TableLayout;
  /** What its columns mean, as far as the rows do not tell. */
  readonly meaning: InferSchemaOptions;
}

const texts = v.array(v.string());
const uncovered = v.picklist(["slot", "zeros", "refuse"]);
const schema = v.strictObject({
  header: v.exactOptional(texts),
  delimiter: v.exactOptional(
    v.pipe(v.string(), v.regex(/^[^"\r\n]+$/, "must be text without quotes and line ends")),
  ),
  comment: v.exactOptional(v.string()),
  label: v.strictObject({
    name: v.string(),
    positive: texts,
    negative: v.exactOptional(texts),
  }),
  exclude: v.exactOptional(texts),
  missing: v.exactOptional(texts),
  columns: v.exactOptional(v.record(
    v.string(),
    v.strictObject({
      kind: v.exactOptional(v.picklist(["numeric", "categorical"])),
      log1p: v.exactOptional(v.boolean()),
      buckets: v.exactOptional(v.union([v.number(), v.array(v.number())])),
      leastRows: v.exactOptional(v.number()),
      missing: v.exactOptional(uncovered),
      unknown: v.exactOptional(uncovered),
    }),
  )),
});

/**
 * Reads a schema file: JSON with the `label`, and what else cannot be told from the rows.
 *
 * @throws {TributaryError} `bad-data` if there is none, or it is none.
 */
export async function openTableReading(path: string): Promise<TableReading> {
  const bytes = await Deno.readFile(path).catch((cause) => {
    throw new TributaryError("bad-data", `Cannot open ${path}: expected a table's schema as JSON`, {
      cause,
    });
  });
  const { header, delimiter, comment, ...meaning } = readJsonMessage(schema, bytes, {
    what: path,
    code: "bad-data",
  });
  return { layout: { columns: header, delimiter, comment }, meaning };
}

/** A table, and the bytes that it was read from. */
export interface TableFile {
  /** Its cells. */
  readonly table: Table;
  /** The file, unpacked. */
  readonly source: SourceFile;
}

/**
 * Reads a table, compressed by gzip or not.
 *
 * @throws {TributaryError} `bad-data` naming file, line, and what was expected.
 */
export async function openTable(path: string, layout: TableLayout): Promise<TableFile> {
  const bytes = await Deno.readFile(path).catch((cause) => {
    throw new TributaryError("bad-data", `Cannot open ${path}: expected a table`, { cause });
  });
  const source = await unpackGzip({ name: basename(path), bytes });
  return { table: readTable(source, layout), source };
}
