/**
 * What the handles of the cores check before a kernel runs.
 *
 * @module
 */
import type { CoreMemory, Span } from "./core_memory.ts";

/** One argument of a kernel: its name, its span, and how many values of which size it must hold. */
export interface Argument {
  /** As the caller knows it. */
  readonly name: string;
  /** Where it lies. */
  readonly span: Span;
  /** Values that it must hold. */
  readonly values: number;
  /** Bytes of a value; 4 if left out. */
  readonly valueBytes?: 4 | 8;
}

/**
 * Checks that every argument holds what it must, and that none that is written overlaps another.
 *
 * @param inputs  Only read: may be the same memory.
 * @param outputs Written.
 * @throws {RangeError} If not. Nothing has been written then.
 */
export function checkSpans(
  memory: CoreMemory,
  { inputs, outputs }: {
    readonly inputs: readonly Argument[];
    readonly outputs: readonly Argument[];
  },
): void {
  for (const { name, span, values, valueBytes = 4 } of [...inputs, ...outputs]) {
    const length = memory.length(span, valueBytes);
    if (length !== values) {
      throw new RangeError(`Cannot use ${name} of ${length} values: expected ${values}`);
    }
  }
  for (const [at, output] of outputs.entries()) {
    for (const other of [...inputs, ...outputs.slice(at + 1)]) {
      if (overlap(output.span, other.span)) {
        throw new RangeError(
          `Cannot write ${output.name} at ${output.span.ptr}: it overlaps ${other.name} at ${other.span.ptr}`,
        );
      }
    }
  }
}

function overlap(a: Span, b: Span): boolean {
  return a.ptr < b.ptr + b.bytes && b.ptr < a.ptr + a.bytes;
}

/**
 * How many rows of `dim` float32 values a table holds.
 *
 * @throws {RangeError} If it does not hold whole rows, or `dim` is not a whole number above 0.
 */
export function rowCount(memory: CoreMemory, table: Span, dim: number): number {
  const values = memory.length(table, 4);
  if (!Number.isSafeInteger(dim) || dim < 1 || values % dim !== 0) {
    throw new RangeError(`Cannot read ${values} values as rows of ${dim}: expected whole rows`);
  }
  return values / dim;
}
