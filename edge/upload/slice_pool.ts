/**
 * Buffers that are used again: a fresh megabyte costs more to be given by the system, page by page,
 * than to be hashed a quarter of.
 *
 * @module
 */

/** Buffers by length. */
export interface SlicePool {
  /** A buffer of just this length; what is in it is of no meaning. */
  take(length: number): Uint8Array<ArrayBuffer>;
  /** Takes a buffer back that nobody reads any more. */
  give(buffer: Uint8Array<ArrayBuffer>): void;
}

/**
 * An empty pool.
 *
 * @param bytes Most bytes that lie unused in it.
 */
export function createSlicePool(bytes: number): SlicePool {
  const free = new Map<number, Uint8Array<ArrayBuffer>[]>();
  let unused = 0;
  return {
    take(length) {
      const buffer = free.get(length)?.pop();
      if (buffer === undefined) return new Uint8Array(length);
      unused -= length;
      return buffer;
    },
    give(buffer) {
      if (unused + buffer.length > bytes) return;
      unused += buffer.length;
      const same = free.get(buffer.length);
      if (same === undefined) free.set(buffer.length, [buffer]);
      else same.push(buffer);
    },
  };
}
