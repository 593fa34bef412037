/**
 * Data files that come compressed.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import { concatBytes } from "../core/bytes.ts";
import type { SourceFile } from "./source_file.ts";

/** Most bytes that a file may unpack to, where nothing else is said. */
const LIMIT_BYTES = 2 ** 30;

/**
 * A file as it was before gzip (RFC 1952), without the ending `.gz`; any other file as it is.
 *
 * What counts is how the bytes begin, not the name.
 *
 * @param options `limitBytes` (default 1 GiB): most bytes that come out, since a small file may hold
 *   a thousand times its size.
 * @throws {TributaryError} `bad-data` if the file is damaged or cut short, or holds more.
 *
 * @example A file that is not compressed stays as it is
 * ```ts
 * import { unpackGzip } from "./gzip.ts";
 *
 * const file = { name: "people.csv", bytes: new TextEncoder().encode("age,sex\n") };
 * if (await unpackGzip(file) !== file) throw new Error();
 * ```
 */
export async function unpackGzip(
  file: SourceFile,
  options: { readonly limitBytes?: number } = {},
): Promise<SourceFile> {
  const { name } = file;
  if (file.bytes[0] !== 0x1f || file.bytes[1] !== 0x8b) return file;
  const limit = options.limitBytes ?? LIMIT_BYTES;
  const pieces: Uint8Array[] = [];
  let total = 0;
  const packed = new Blob([Uint8Array.from(file.bytes)]).stream();
  try {
    for await (const piece of packed.pipeThrough(new DecompressionStream("gzip"))) {
      total += piece.length;
      if (total > limit) break;
      pieces.push(piece);
    }
  } catch (cause) {
    throw new TributaryError(
      "bad-data",
      `Cannot unpack ${name}: its gzip data is damaged or cut short, expected a whole file`,
      { cause },
    );
  }
  if (total > limit) {
    throw new TributaryError(
      "bad-data",
      `Cannot unpack ${name}: it holds more than ${limit} bytes, expected at most so many`,
    );
  }
  return { name: name.replace(/\.gz$/i, ""), bytes: concatBytes(pieces) };
}
