/**
 * Reading exact lengths off bytes that come in chunks.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";

/** Bytes of a known length, read piece by piece. */
export interface EvidenceSource {
  /** Bytes that were not read yet. */
  readonly left: number;
  /**
   * The next bytes, in an array of their own.
   *
   * @throws {TributaryError} `evidence-malformed` if fewer are left, `body-too-short` if the chunks end
   * before the announced length.
   */
  read(bytes: number): Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * The first `bytes` bytes of chunks, which may be cut anywhere.
 *
 * @example
 * ```ts
 * import { evidenceSource } from "./evidence_source.ts";
 *
 * const source = evidenceSource([Uint8Array.of(1, 2), Uint8Array.of(3)], 3);
 * await source.read(1);
 * if ((await source.read(2)).join() !== "2,3" || source.left !== 0) throw new Error("unexpected");
 * ```
 */
export function evidenceSource(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  bytes: number,
): EvidenceSource {
  const iterator = Symbol.asyncIterator in chunks
    ? chunks[Symbol.asyncIterator]()
    : chunks[Symbol.iterator]();
  let rest: Uint8Array = new Uint8Array(0);
  let left = bytes;
  return {
    get left() {
      return left;
    },
    async read(length) {
      if (length > left) {
        throw new TributaryError(
          "evidence-malformed",
          `Cannot read evidence: it ends ${left} bytes on, expected ${length} more`,
        );
      }
      const read = new Uint8Array(length);
      for (let at = 0; at < length;) {
        while (rest.length === 0) {
          const { done, value } = await iterator.next();
          if (done === true) {
            throw new TributaryError(
              "body-too-short",
              `Cannot read evidence: ${left - at} of ${bytes} announced bytes are missing`,
            );
          }
          rest = value;
        }
        const part = rest.subarray(0, length - at);
        read.set(part, at);
        at += part.length;
        rest = rest.subarray(part.length);
      }
      left -= length;
      return read;
    },
  };
}
