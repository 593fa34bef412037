/**
 * Delimited text as records with line numbers: one record a line, and a line is a record.
 *
 * @module
 */
import { CsvError, parse } from "csv-parse/sync";
import { badLine, checkText, LINE_LIMIT_BYTES, lineAt } from "./source_file.ts";
import type { SourceFile } from "./source_file.ts";

/** How the fields of a line are told apart. */
export interface Layout {
  /** What stands between two fields: `,`, a tab, `::`, `|`. */
  readonly delimiter: string;
  /** Whether fields may stand in double quotes (RFC 4180) and blanks around them are dropped. */
  readonly quotes: boolean;
  /** How a line begins that is passed over; none is where this is absent. */
  readonly comment?: string | undefined;
  /** Longest line, in bytes without its end; {@link LINE_LIMIT_BYTES} where this is absent. */
  readonly lineLimitBytes?: number | undefined;
}

/** Comma-separated values as RFC 4180 has them, save that a field stays on its line. */
export const CSV: Layout = { delimiter: ",", quotes: true };

/**
 * Gives each record of a file to `take`, in order. Blank lines are passed over.
 *
 * @param take Called with the fields and the line (from 1); what it throws ends the reading.
 * @throws {TributaryError} `bad-data` for bytes that {@link checkText} refuses, and for quotes that
 *   are left open or stand inside a field.
 */
export function eachRecord(
  file: SourceFile,
  options: { layout: Layout; take: (fields: readonly string[], line: number) => void },
): void {
  const { layout, take } = options;
  const { lineLimitBytes = LINE_LIMIT_BYTES, comment = null } = layout;
  checkText(file, { lineLimitBytes });
  let end = 0;
  const record = (to: number) => file.bytes.subarray(end, to);
  try {
    parse(file.bytes, {
      bom: true,
      delimiter: layout.delimiter,
      comment,
      comment_no_infix: true,
      quote: layout.quotes ? '"' : null,
      trim: layout.quotes,
      record_delimiter: ["\r\n", "\n", "\r"],
      relax_column_count: true,
      skip_empty_lines: true,
      max_record_size: lineLimitBytes,
      on_record: (fields: string[], context): null => {
        if (layout.quotes && hasLineBreak(fields, comment === null ? record(context.bytes) : [])) {
          throw openQuote(file, end);
        }
        take(fields, context.lines);
        end = context.bytes;
        return null;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw quoteError(file, { error, end });
  }
}

/**
 * Gives each line of a file to `take`, in order, without its end. Blank lines are passed over.
 *
 * @param options `lineLimitBytes` (default {@link LINE_LIMIT_BYTES}): longest line.
 * @throws {TributaryError} `bad-data` for bytes that {@link checkText} refuses.
 */
export function eachLine(
  file: SourceFile,
  options: { lineLimitBytes?: number; take: (text: string, line: number) => void },
): void {
  const { lineLimitBytes, take } = options;
  // A NUL byte is in no file that is read, so that the line is one field.
  eachRecord(file, {
    layout: { delimiter: "\0", quotes: false, lineLimitBytes },
    take: ([text = ""], line) => take(text, line),
  });
}

/**
 * Whether a record goes over the end of a line: in a field, or among its bytes, where a break may have
 * been dropped with the blanks around a field.
 */
function hasLineBreak(fields: readonly string[], bytes: ArrayLike<number>): boolean {
  if (fields.some((field) => /[\r\n]/.test(field))) return true;
  const isBreak = (byte: number | undefined) => byte === 10 || byte === 13;
  let [from, to] = [0, bytes.length];
  while (from < to && isBreak(bytes[from])) from++;
  while (to > from && isBreak(bytes[to - 1])) to--;
  for (let at = from; at < to; at++) if (isBreak(bytes[at])) return true;
  return false;
}

function openQuote(file: SourceFile, end: number, cause?: unknown): Error {
  return badLine(file.name, {
    line: lineAfter(file.bytes, end),
    found: "opens a quote that it does not close",
    expected: "a closing quote on the same line",
    cause,
  });
}

function quoteError(file: SourceFile, found: { error: CsvError; end: number }): Error {
  const { error, end } = found;
  const line = lineAfter(file.bytes, end);
  switch (error.code) {
    // Lines are known to be short, so a long record is a quote that swallowed the lines after it.
    case "CSV_QUOTE_NOT_CLOSED":
    case "CSV_MAX_RECORD_SIZE":
      return openQuote(file, end, error);
    default:
      // A stray quote on a later line means that the one before it was never closed.
      if (Number(error["lines"]) > line) return openQuote(file, end, error);
      return badLine(file.name, {
        line,
        found: "has a quote in the middle of a field",
        expected: 'quotes around whole fields only, and "" for a quote inside them',
        cause: error,
      });
  }
}

/** Line of the first byte at or after `end` that is no line break: where the next record starts. */
function lineAfter(bytes: Uint8Array, end: number): number {
  let at = end;
  while (bytes[at] === 10 || bytes[at] === 13) at++;
  return lineAt(bytes, at);
}
