/**
 * What operators demand of shapes, and how they say what they found.
 *
 * @module
 */
import { sameShape } from "../core/tensor.ts";

/** Anything with extents. */
export interface Shaped {
  /** Row-major. */
  readonly shape: readonly number[];
}

/** A shape in a sentence. */
export function shown({ shape }: Shaped): string {
  return `[${shape.join(", ")}]`;
}

/**
 * Refuses two operands whose shapes differ.
 *
 * @param operator As in `Cannot add [2, 3] and [3]`.
 */
export function expectSameShape(operator: string, a: Shaped, b: Shaped): void {
  if (sameShape(a.shape, b.shape)) return;
  throw new RangeError(`Cannot ${operator} ${shown(a)} and ${shown(b)}: expected equal shapes`);
}

/** A shape as rows of its last extent. */
export interface Rows {
  /** Product of all extents but the last; 1 for a vector. */
  readonly rows: number;
  /** The last extent. */
  readonly cols: number;
}

/**
 * Sees a tensor as rows.
 *
 * @throws {RangeError} If it is a scalar.
 */
export function asRows(operator: string, of: Shaped): Rows {
  const cols = of.shape.at(-1);
  if (cols === undefined) {
    throw new RangeError(`Cannot ${operator} []: expected one axis or more`);
  }
  let rows = 1;
  for (let axis = 0; axis < of.shape.length - 1; axis++) rows *= of.shape[axis] ?? 1;
  return { rows, cols };
}
