/**
 * `Range` of RFC 9110, section 14: one range of bytes.
 *
 * @module
 */
import { TributaryError } from "../../src/core/errors.ts";

/** Bytes `[from, to)`. */
export interface ByteRange {
  /** First byte. */
  readonly from: number;
  /** Byte after the last one; above `from`. */
  readonly to: number;
}

/**
 * The range that a header asks for, of something `length` bytes long.
 *
 * @returns undefined for the whole: without a header, or with one of another unit or of many ranges,
 * which a server may ignore (RFC 9110, section 14.2).
 * @throws {TributaryError} `range-not-satisfiable` if the range begins after the end.
 */
export function readRange(header: string | undefined, length: number): ByteRange | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? "");
  const [, first = "", last = ""] = match ?? [];
  if (match === null || (first === "" && last === "")) return undefined;
  if (first !== "" && last !== "" && Number(first) > Number(last)) return undefined;
  const from = first === "" ? Math.max(0, length - Number(last)) : Number(first);
  const to = first === "" || last === "" ? length : Math.min(length, Number(last) + 1);
  if (from >= to) {
    throw new TributaryError(
      "range-not-satisfiable",
      `Cannot give range ${header}: there are ${length} bytes`,
    );
  }
  return { from, to };
}
