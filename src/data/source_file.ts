/**
 * A data file in memory, and what is checked of its bytes before anything is parsed.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";

/** A file's name, for messages, and its whole contents. */
export interface SourceFile {
  /** Name as the user knows it, without the folder. */
  readonly name: string;
  /** The file's bytes, UTF-8. */
  readonly bytes: Uint8Array;
}

/** Longest line that is read, in bytes without its end. A rating takes about 30. */
export const LINE_LIMIT_BYTES = 65536;

const NEWLINE = 10;
const RETURN = 13;

/** A `bad-data` error whose sentence names file and line. */
export function badLine(
  file: string,
  options: { line: number; found: string; expected: string; cause?: unknown },
): TributaryError {
  return new TributaryError(
    "bad-data",
    `Cannot read ${file}: line ${options.line} ${options.found}, expected ${options.expected}`,
    options.cause === undefined ? {} : { cause: options.cause },
  );
}

/** A value of the file as it may stand in a sentence: quoted, escaped, at most 40 characters. */
export function quoteValue(value: string): string {
  return JSON.stringify(value.length > 40 ? `${value.slice(0, 39)}…` : value);
}

/** Line (from 1) in which the byte at `offset` lies; `\n`, `\r\n` and `\r` end a line. */
export function lineAt(bytes: Uint8Array, offset: number): number {
  let line = 1;
  for (let at = 0; at < offset; at++) {
    if (bytes[at] === NEWLINE || (bytes[at] === RETURN && bytes[at + 1] !== NEWLINE)) line++;
  }
  return line;
}

/**
 * Refuses bytes that are not lines of UTF-8 text of bearable length.
 *
 * @param options `lineLimitBytes` (default {@link LINE_LIMIT_BYTES}): longest line.
 * @throws {TributaryError} `bad-data`: an empty file, UTF-16, a NUL byte, bytes that are no UTF-8,
 *   or a line above the limit; the sentence names file and line.
 */
export function checkText(
  file: SourceFile,
  options: { readonly lineLimitBytes?: number } = {},
): void {
  const { name, bytes } = file;
  if (bytes.length === 0) {
    throw new TributaryError(
      "bad-data",
      `Cannot read ${name}: it is empty, expected lines of text`,
    );
  }
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw badLine(name, {
      line: 1,
      found: `starts with the byte order mark of UTF-16 (${first === 0xff ? "FF FE" : "FE FF"})`,
      expected: "UTF-8: save the file again in that encoding",
    });
  }
  checkLines(file, options.lineLimitBytes ?? LINE_LIMIT_BYTES);
  if (!isUtf8(bytes)) {
    throw badLine(name, {
      line: firstLineNotUtf8(bytes),
      found: "holds bytes that are not UTF-8",
      expected: "UTF-8: save the file again in that encoding",
    });
  }
}

function checkLines({ name, bytes }: SourceFile, limit: number): void {
  let line = 1;
  let start = 0;
  for (let at = 0; at <= bytes.length; at++) {
    const byte = at < bytes.length ? bytes[at] : NEWLINE;
    if (byte === 0) {
      throw badLine(name, { line, found: "holds a NUL byte", expected: "text in UTF-8" });
    }
    if (byte !== NEWLINE && byte !== RETURN) continue;
    if (at - start > limit) {
      throw badLine(name, {
        line,
        found: `is ${at - start} bytes long`,
        expected: `at most ${limit}`,
      });
    }
    if (byte === RETURN && bytes[at + 1] === NEWLINE) at++;
    start = at + 1;
    line++;
  }
}

/** Whether `bytes` are UTF-8 throughout. */
export function isUtf8(bytes: Uint8Array): boolean {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  // In pieces, because a string has an upper length that a large file passes.
  const piece = 1 << 20;
  try {
    for (let at = 0; at < bytes.length; at += piece) {
      decoder.decode(bytes.subarray(at, at + piece), { stream: true });
    }
    decoder.decode();
    return true;
  } catch {
    return false;
  }
}

function firstLineNotUtf8(bytes: Uint8Array): number {
  let start = 0;
  while (start < bytes.length) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline < 0 ? bytes.length : newline;
    if (!isUtf8(bytes.subarray(start, end))) break;
    start = end + 1;
  }
  return lineAt(bytes, start);
}
