/**
 * A bump arena over a core's linear memory.
 *
 * The cores never allocate, so everything above the memory that a module starts with belongs to
 * this arena. Memory grows a page at a time and never shrinks: dropping the instance is the only
 * way to give it back.
 *
 * @module
 */

/** A region of a core's linear memory. Nothing owns it; `release` makes its bytes free again. */
export interface Span {
  /** Address of the first byte. */
  readonly ptr: number;
  /** Length in bytes. */
  readonly bytes: number;
}

const PAGE_BYTES = 65_536;
const ALIGN_BYTES = 16;

/** An arena over one instance's memory; made by {@link instantiateCore}, one for each owner. */
export class CoreMemory {
  readonly #memory: () => WebAssembly.Memory;
  readonly #start: number;
  /** Bytes of linear memory, which grows here alone; asking the engine takes longer than the rest. */
  #held: number;
  #top: number;

  /**
   * Starts an empty arena.
   *
   * @param memory Gives the instance's memory, just instantiated now; throws once the instance has
   * trapped or was disposed, and so do all methods from then on.
   */
  constructor(memory: () => WebAssembly.Memory) {
    this.#memory = memory;
    this.#start = memory().buffer.byteLength;
    this.#held = this.#start;
    this.#top = this.#start;
  }

  /** Bytes of linear memory in all: the module's own and the arena's. */
  get bytes(): number {
    return this.#memory().buffer.byteLength;
  }

  /**
   * Takes a region aligned to 16 bytes. Every view taken before may be dead afterwards, as memory
   * that grows moves. Bytes that were never used are zero; after a `release` they hold what was
   * left in them.
   *
   * @param bytes Length, a whole number ≥ 0.
   * @throws {RangeError} If `bytes` is not such a number, or memory cannot grow that far.
   */
  alloc(bytes: number): Span {
    const memory = this.#memory();
    if (!Number.isSafeInteger(bytes) || bytes < 0) {
      throw new RangeError(`Cannot allocate ${bytes} bytes: expected a whole number, 0 or more`);
    }
    const ptr = this.#top;
    const top = ptr + Math.ceil(bytes / ALIGN_BYTES) * ALIGN_BYTES;
    if (top > this.#held) {
      const missing = Math.ceil((top - this.#held) / PAGE_BYTES);
      try {
        memory.grow(missing);
      } catch (cause) {
        throw new RangeError(
          `Cannot allocate ${bytes} bytes: memory holds ${this.#held} and cannot grow by ${missing} pages`,
          { cause },
        );
      }
      this.#held = memory.buffer.byteLength;
    }
    this.#top = top;
    return { ptr, bytes };
  }

  /** Where the arena ends now, for {@link CoreMemory.release}. */
  mark(): number {
    this.#memory();
    return this.#top;
  }

  /**
   * Frees every region taken since `mark`; spans of them must not be used again.
   *
   * @throws {RangeError} If `mark` is not a place in this arena as it stands.
   */
  release(mark: number): void {
    this.#memory();
    const inside = mark >= this.#start && mark <= this.#top && mark % ALIGN_BYTES === 0;
    if (!inside) {
      throw new RangeError(
        `Cannot release to ${mark}: expected a mark between ${this.#start} and ${this.#top}`,
      );
    }
    this.#top = mark;
  }

  /** The bytes of a span, as a view that is valid until the next `alloc`. */
  u8(span: Span): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#buffer(), span.ptr, this.length(span, 1));
  }

  /** The words of a span (host order, which is little-endian in wasm), until the next `alloc`. */
  u32(span: Span): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.#buffer(), span.ptr, this.length(span, 4));
  }

  /** The signed words of a span, as a view that is valid until the next `alloc`. */
  i32(span: Span): Int32Array<ArrayBuffer> {
    return new Int32Array(this.#buffer(), span.ptr, this.length(span, 4));
  }

  /** The float32 values of a span, as a view that is valid until the next `alloc`. */
  f32(span: Span): Float32Array<ArrayBuffer> {
    return new Float32Array(this.#buffer(), span.ptr, this.length(span, 4));
  }

  /** The float64 values of a span, as a view that is valid until the next `alloc`. */
  f64(span: Span): Float64Array<ArrayBuffer> {
    return new Float64Array(this.#buffer(), span.ptr, this.length(span, 8));
  }

  /**
   * How many values of `valueBytes` a span holds; kernels check their arguments with it.
   *
   * @throws {RangeError} If the span is not in the arena as it stands, or not whole aligned values.
   */
  length(span: Span, valueBytes: number): number {
    this.#memory();
    const { ptr, bytes } = span;
    const inside = ptr >= this.#start && bytes >= 0 && ptr + bytes <= this.#top;
    if (!inside) {
      throw new RangeError(
        `Cannot view ${bytes} bytes at ${ptr}: the arena goes from ${this.#start} to ${this.#top}`,
      );
    }
    if (ptr % valueBytes !== 0 || bytes % valueBytes !== 0) {
      throw new RangeError(
        `Cannot view ${bytes} bytes at ${ptr}: expected whole aligned values of ${valueBytes} bytes`,
      );
    }
    return bytes / valueBytes;
  }

  #buffer(): ArrayBuffer {
    return this.#memory().buffer as ArrayBuffer;
  }
}
